from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sample_runs import FILE_PAGES, RUNTIME_BYTES, Work, board, boards, everything, make_run, many

from harness.model.measure import MARK_TIME, PROCESSING, PROCESSING_TIME, Measurement
from harness.model.record import Record
from harness.model.units import GIB, MIB
from harness.verdict import Estimate
from harness.view import ReportView, build
from harness.view.charts import AcrossTiers
from harness.view.curves import percentiles_text
from harness.view.layers import layers_of
from harness.view.scale import byte_axis, byte_log_ticks, byte_ticks, log_axis, log_ticks
from harness.view.scene import lay_out

POSITIVE = st.floats(1e-9, 1e12, allow_nan=False)


@pytest.fixture(scope="module")
def view() -> ReportView:
    return build(make_run(gpu=True, energy=True))


def chart(view: ReportView, metric: str, unit: str = "") -> AcrossTiers:
    return next(c for c in view.across if c.metric == metric and unit in c.title)


def test_only_tiers_with_a_figure_of_their_own_have_dots(view: ReportView):
    boards = {t.colour for t in view.matrix.tiers if t.board}
    for metric in ("latency", "throughput", "memory", "energy"):
        for plot in chart(view, metric).plots:
            assert not {d.colour for d in plot.dots} & boards


def test_what_does_not_fit_is_a_cross_in_the_gutter_beyond_the_axis(view: ReportView):
    plot = chart(view, "latency").plots[0]
    assert len(plot.crosses) == 3
    assert all(c.x > plot.right for c in plot.crosses)
    assert "3 cases do not fit" in plot.name
    assert any(e.note == "2 do not fit" for e in chart(view, "latency").legend)


def test_a_projection_has_its_band_and_nothing_else_has_one():
    case = "synthetic/mobilenet-v2[batch=1]@board-0:cpu/torch-eager/float32/single_stream"
    plot = chart(build(make_run(), {case: Estimate(0.12, 0.07, 0.2)}), "latency").plots[0]
    bands = {d.provenance: d.low is not None for d in plot.dots}
    assert bands == {"measured": False, "projected": True}
    projected = next(d for d in plot.dots if d.provenance == "projected")
    assert projected.low is not None
    assert projected.high is not None
    assert projected.low < projected.x < projected.high
    assert "Raspberry" not in plot.name.split(";")[0], "a projection takes no part in the ranking"


def test_throughput_of_different_items_is_never_on_one_axis(view: ReportView):
    titles = [c.title for c in view.across if c.metric == "throughput"]
    assert titles == ["Throughput across tiers, images/s", "Throughput across tiers, tokens/s"]
    assert len(chart(view, "throughput", "tokens").plots[0].labels) == 1


def test_a_metric_that_nobody_has_says_why():
    energy = chart(build(make_run()), "energy")
    assert energy.plots == ()
    assert "root only" in energy.missing


def test_few_rows_are_one_plot_and_many_are_a_plot_a_family_with_the_first_open():
    assert len(chart(build(make_run()), "latency").plots) == 1
    plots = chart(build(many(60, 4, rounds=9)), "latency").plots
    assert len(plots) == 6
    assert [p.open for p in plots] == [True] + [False] * 5
    assert len({p.family for p in plots}) == 6


def test_everything_stands_inside_its_plot():
    for plots in [c.plots for c in build(many(50, 12, rounds=9)).across]:
        for plot in plots:
            assert all(plot.left <= d.x <= plot.right for d in plot.dots)
            assert all(plot.left <= t.x <= plot.right for t in plot.ticks)
            assert all(0 < m.y < plot.bottom for m in (*plot.dots, *plot.crosses, *plot.labels))
            assert all(plot.right < c.x < plot.width for c in plot.crosses)


def test_the_layers_add_up_to_the_need():
    for spot in lay_out(make_run(gpu=True)).spots.values():
        layers = layers_of(spot)
        assert spot.facts.need is not None
        assert sum(layers.values()) == pytest.approx(spot.facts.need.bytes)
        assert all(size >= 0 for size in layers.values())


def test_the_layers_are_what_the_trials_said():
    work = Work("w", weights=100 * MIB, activations=60 * MIB)
    spot = lay_out(make_run([work])).spots[0, 0]
    assert layers_of(spot) == {
        "runtime": RUNTIME_BYTES,
        "weights": 100 * MIB,
        "activations": 60 * MIB,
        "rest": work.need - RUNTIME_BYTES - 160 * MIB,
    }


def test_without_a_group_the_layers_are_those_of_the_process():
    work = Work("w", weights=100 * MIB, activations=60 * MIB)
    run = make_run([work])
    alone = tuple(
        replace(r, measurements=tuple(m for m in r.measurements if m.metric.scope != "tree")) for r in run.records
    )
    layers = layers_of(lay_out(replace(run, records=alone)).spots[0, 0])
    assert layers["runtime"] == RUNTIME_BYTES + FILE_PAGES
    assert layers["activations"] == 60 * MIB


def test_bars_end_at_their_total_and_limits_within_reach_are_lines():
    section = build(make_run()).memory
    plot = section.plots[0]
    for bar in plot.bars:
        assert bar.segments[0].x == plot.left
        assert bar.segments[-1].x + bar.segments[-1].width == pytest.approx(bar.end, abs=0.15)
    assert [line.label for line in plot.limits] == ["Raspberry Pi Zero 2 W 400 MiB", "Raspberry Pi 5 4 GiB"]
    assert [line.title for line in plot.limits] == ["Raspberry Pi Zero 2 W: 400 MiB", "Raspberry Pi 5 (4 GB): 4 GiB"]
    assert plot.beyond == "Host CPU 16 GiB"
    assert "llama-1b" in plot.name
    assert "above the limit of 2 of 3 tiers" in plot.name


def test_the_names_of_limits_never_run_into_each_other_or_out_of_the_plot():
    works = [Work("large", weights=20_000 * MIB), Work("small")]
    plot = build(make_run(works, boards(12))).memory.plots[0]
    assert len(plot.limits) == 12
    spans = []
    for line in plot.limits:
        length = len(line.label) * 6.4
        spans.append((line.y, line.x - length if line.before else line.x, line.x if line.before else line.x + length))
        assert line.y < plot.bars[0].y - 6
    for k, (y, start, end) in enumerate(spans):
        assert start > 0
        assert end <= plot.width
        assert all(y != other or end <= left or right <= start for other, left, right in spans[:k])


def test_tiers_of_one_limit_share_a_line_and_a_far_one_is_named_beyond_the_axis():
    four = [board(f"b{k}", f"Board {k}", 400 * MIB) for k in range(5)]
    plot = build(make_run([Work("w", weights=200 * MIB)], [*four, board("big", "Big", 90 * GIB)])).memory.plots[0]
    assert [line.label for line in plot.limits] == ["Board 0, Board 1, Board 2 and 2 more 400 MiB"]
    assert plot.limits[0].title == "Board 0, Board 1, Board 2, Board 3 and Board 4: 400 MiB"
    assert plot.beyond == "Host CPU 16 GiB and Big 90 GiB"
    assert plot.ticks[-1].label in {"512 MiB", "576 MiB", "600 MiB", "500 MiB"}


def test_a_long_name_is_never_cut_but_put_on_two_lines():
    long = Work("a-name-that-is-rather-long-for-a-plot", parameters={"new_tokens": 16, "prompt_tokens": 32})
    page = build(make_run([long, Work("w")]))
    plot, memory_plot = chart(page, "latency").plots[0], page.memory.plots[0]
    for labels in (plot.labels, tuple(b.label for b in memory_plot.bars)):
        assert labels[0].lines == ("a-name-that-is-rather-long-for-a-plot", "· new_tokens 16, prompt_tokens 32")
        assert labels[1].lines == ("w · batch 1",)
        assert labels[1].y - labels[0].y > 26
    beyond_measure = Work("n" * 300)
    first = chart(build(make_run([beyond_measure])), "latency").plots[0].labels[0]
    assert max(map(len, first.lines)) < 50
    assert "n" * 300 in first.title


def test_a_dtype_that_all_rows_of_a_workload_share_is_not_in_its_label():
    run = make_run([Work("one"), Work("two")])
    cases = tuple(replace(c, dtype="bfloat16") if c.workload.name == "two" else c for c in run.manifest.plan.cases)
    scene = lay_out(replace(run, manifest=replace(run.manifest, plan=replace(run.manifest.plan, cases=cases))))
    assert [(line.variant, line.label) for line in scene.lines] == [
        ("float32", ("one · batch 1",)),
        ("bfloat16", ("two · batch 1",)),
    ]
    both = replace(run.manifest.plan, cases=cases + run.manifest.plan.cases)
    scene = lay_out(replace(run, manifest=replace(run.manifest, plan=both)))
    assert [line.label for line in scene.lines][1:] == [("two · batch 1 · bfloat16",), ("two · batch 1 · float32",)]


def test_why_boards_have_no_dot_is_said_once_where_they_have_none(view: ReportView):
    notes = {c.metric: c.note for c in view.across if c.note}
    assert set(notes) == {"latency", "memory", "energy"}
    assert "no projection has been made" in notes["latency"]
    case = "synthetic/mobilenet-v2[batch=1]@board-0:cpu/torch-eager/float32/single_stream"
    assert chart(build(make_run(), {case: Estimate(0.12, 0.07, 0.2)}), "latency").note == ""
    assert not any(c.note for c in build(make_run(profiles=[])).across)


def test_cpu_and_gpu_memory_are_told_apart(view: ReportView):
    assert [p.title for p in view.memory.plots] == ["Memory by layer, CPU", "Memory by layer, GPU"]
    assert [line.title for line in view.memory.plots[1].limits] == []


def test_a_run_without_need_says_so():
    assert build(make_run([])).memory.missing


def test_each_host_tier_has_a_distribution_and_a_board_has_none(view: ReportView):
    for detail in view.details:
        assert [e.tier for e in detail.ecdfs] == ["Host CPU", "Host GPU"]
        assert [(c.tier, c.provenance) for c in detail.columns] == [("Host CPU", "measured"), ("Host GPU", "measured")]
        assert all(len(line.figures) == 2 for line in detail.lines)


def test_a_workloads_figures_stand_beside_each_other_with_what_is_behind_them(view: ReportView):
    lines = {line.metric: line for line in view.details[0].lines}
    assert lines["latency"].how.startswith("n=600 in 3 processes; ")
    assert [f.text[-2:] for f in lines["latency"].figures if f] == ["ms", "µs"]
    assert lines["energy per step"].figures[0] is None
    assert lines["peak memory"].how == "n=3 in 3 processes; maximum of tree_peak, maximum of gpu_reserved_peak"
    assert (lines["latency"].span, lines["throughput"].span) == (2, 0)
    assert sum(line.span for line in lines.values()) == len(lines)


def test_a_projection_has_a_column_of_its_own_beside_what_was_measured():
    case = "synthetic/mobilenet-v2[batch=1]@board-0:cpu/torch-eager/float32/single_stream"
    detail = build(make_run(), {case: Estimate(0.12, 0.07, 0.2)}).details[0]
    assert [(c.tier, c.provenance) for c in detail.columns] == [
        ("Host CPU", "measured"),
        ("Raspberry Pi 5", "projected"),
    ]
    assert {f.provenance for line in detail.lines for f in line.figures[1:] if f} == {"projected"}


def test_marks_become_time_to_first_token_and_time_per_token(view: ReportView):
    labels = {line.metric for line in view.details[2].lines}
    assert {"time to first token", "time per token", "cold start", "model load", "weights"} <= labels


def test_stages_of_a_step_stand_in_their_order_in_place_of_the_times_to_their_marks():
    def staged(record: Record) -> Record:
        times = [Measurement(PROCESSING_TIME, "timed", "measured", (0.01,) * 9, marks=name) for name in PROCESSING]
        times += [Measurement(MARK_TIME, "timed", "measured", (0.02,) * 9, marks=name) for name in PROCESSING]
        more = tuple(times) if record.trial.role == "timing" else ()
        return replace(record, measurements=record.measurements + more)

    run = make_run()
    detail = build(replace(run, records=tuple(map(staged, run.records)))).details[0]
    labels = [line.metric for line in detail.lines]
    start = labels.index("preprocessing")
    assert labels[start : start + 3] == ["preprocessing", "inference", "postprocessing"]
    assert not [label for label in labels if label.startswith("time to")]


def test_a_percentile_is_shown_only_where_the_sample_supports_it():
    assert percentiles_text([k / 1000 for k in range(1, 11)]) == "p50 5.5 ms · max 10 ms · n=10 (p90 needs 64)"
    assert "p99" in percentiles_text([0.001] * 700)
    assert "needs" not in percentiles_text([0.001] * 700)


def test_one_sample_has_no_curve():
    detail = next(d for d in build(everything()).details if d.name.startswith("once"))
    assert detail.ecdfs == ()


def test_a_curve_rises_from_left_to_right_and_keeps_its_ends(view: ReportView):
    curve = view.details[0].ecdfs[0]
    start, steps = curve.path.removeprefix("M").split("l")
    x, y = map(int, start.split(" "))
    moves = [int(n) for n in re.findall(r"-?\d+", steps)]
    across, up = moves[::2], moves[1::2]
    assert len(across) == len(up) < 60
    assert min(across) >= 0
    assert max(up) <= 0
    assert (x, x + sum(across)) == (curve.left, curve.width - 8)
    assert y + sum(up) == 8 < y <= curve.bottom


@pytest.mark.slow
def test_a_long_report_draws_its_curves_more_coarsely():
    paths = [len(e.path) for d in build(many(450, 2, rounds=60)).details for e in d.ecdfs]
    assert max(paths) < 130 < min(len(e.path) for d in build(many(3, 2, rounds=60)).details for e in d.ecdfs)


def test_all_distributions_have_the_same_guides(view: ReportView):
    assert len({(e.guides, e.left, e.width, e.bottom) for d in view.details for e in d.ecdfs}) == 1


@given(st.lists(POSITIVE, min_size=1, max_size=20))
def test_a_log_axis_keeps_order_and_room(values: list[float]):
    axis = log_axis(values, 200, 1100)
    places = [axis.place(v) for v in sorted(values)]
    assert places == sorted(places)
    assert places[0] >= 200
    assert places[-1] <= 1100
    ticks = log_ticks(axis, "s")
    assert ticks
    assert all(200 <= t.x <= 1100 for t in ticks)
    assert len({t.label for t in ticks}) == len(ticks)


@given(st.floats(1, 1e14))
def test_byte_axes_have_readable_ticks(high: float):
    assert 2 <= len(byte_ticks(byte_axis(high, 0, 100))) <= 9
    assert len(byte_log_ticks(log_axis([high, high * 3], 0, 100))) <= 8


def test_byte_ticks_are_round():
    assert [t.label for t in byte_ticks(byte_axis(4 * GIB, 0, 100))][:3] == ["0", "1 GiB", "2 GiB"]
