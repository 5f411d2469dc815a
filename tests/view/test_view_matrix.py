from __future__ import annotations

from statistics import fmean

import pytest
from msgspec.structs import replace
from sample_runs import SMALL, Work, board, boards, everything, make_run, many, with_limit

from harness.model.case import HOST, Skip
from harness.model.estimate import Joules
from harness.model.measure import LATENCY
from harness.model.profile import Target
from harness.model.record import Run
from harness.model.units import MIB
from harness.verdict import Estimate
from harness.view import ReportView, build
from harness.view.names import short_names, spoken
from harness.view.report import Cell

BOARD_CASE = "synthetic/mobilenet-v2[batch=1]@board-0:cpu/torch-eager/float32/single_stream"


@pytest.fixture(scope="module")
def view() -> ReportView:
    return build(make_run(gpu=True, energy=True))


def cell(view: ReportView, tier: str, row: int = 0) -> Cell:
    place = next(t.index for t in view.matrix.tiers if t.id == tier)
    found = view.matrix.rows[row].cells[place]
    assert found is not None
    return found


def estimated(seconds: float = 0.12, low: float = 0.07, high: float = 0.2) -> ReportView:
    return build(make_run(), {BOARD_CASE: Estimate(seconds, low, high)})


def test_the_host_comes_first_and_boards_in_the_order_of_their_profiles(view: ReportView):
    assert [t.id for t in view.matrix.tiers] == ["host:cpu", "host:gpu", "board-0:cpu", "board-1:cpu"]
    assert [t.board for t in view.matrix.tiers] == [False, False, True, True]


def test_a_hosts_cell_has_time_throughput_and_memory_of_its_own(view: ReportView):
    figures = cell(view, "host:cpu").figures
    assert figures["latency"].value == pytest.approx(0.0091, rel=0.1)
    assert figures["latency"].text.endswith(" ms")
    assert figures["latency"].spread.startswith("±")
    assert {figures[m].provenance for m in ("latency", "throughput", "memory")} == {"measured"}
    case = "synthetic/mobilenet-v2[batch=1]@cpu/torch-eager/float32/single_stream"
    timed = [r for r in make_run(gpu=True, energy=True).records if r.trial.role == "timing"]
    times = [found.values for r in timed if r.trial.case.work_id == case and (found := r.find("latency", "timed"))]
    assert len(times) == 3
    assert figures["throughput"].value == pytest.approx(1 / fmean(map(fmean, times)))
    assert figures["throughput"].text.endswith(" images/s")
    assert figures["memory"].value == SMALL[0].need


def test_a_boards_cell_has_no_time_of_the_host_in_any_metric(view: ReportView):
    for tier in ("board-0:cpu", "board-1:cpu"):
        for row in range(3):
            figures = cell(view, tier, row).figures
            for metric in ("latency", "throughput"):
                shown = figures[metric]
                assert (shown.text, shown.value, shown.provenance, shown.note) == ("–", None, None, "not projected")
            assert figures["energy"].value is None
            assert cell(view, tier, row).deadline is None


def test_a_boards_time_stays_a_dash_however_slow_or_fast_the_host_was():
    def latencies(seconds: float) -> list[object]:
        page = build(make_run([Work("w", seconds=seconds)]))
        return [c.figures["latency"] for c in page.matrix.rows[0].cells if c and page.matrix.tiers[c.tier].board]

    assert latencies(1e-4) == latencies(10.0)


def test_provenance_belongs_to_a_cell_and_metric_not_to_a_column(view: ReportView):
    board = cell(view, "board-0:cpu")
    assert board.fit.provenance == "enforced"
    assert board.figures["memory"].provenance == "measured"
    assert board.figures["memory"].note.startswith("measured on the host (x86_64)")
    assert estimated().matrix.rows[0].cells[1].figures["latency"].provenance == "projected"  # type: ignore[union-attr]


def test_does_not_fit_has_words_of_its_own(view: ReportView):
    fit = cell(view, "board-1:cpu", 1).fit
    assert (fit.state, fit.word, fit.detail) == ("does_not_fit", "does not fit", "needs 722 of 400 MiB")
    assert "needs 5.3 GiB of 400 MiB" in cell(view, "board-1:cpu", 2).fit.detail


def test_a_misfit_without_a_need_says_where_it_was_stopped():
    run = make_run()
    page = build(replace(run, records=tuple(r for r in run.records if r.trial.role != "need")))
    found = cell(page, "board-1:cpu", 1)
    assert found.fit.detail == "stopped at 400 of 400 MiB"
    assert found.figures["memory"].value is None
    assert found.figures["memory"].note


def test_the_bar_is_need_against_the_tiers_limit(view: ReportView):
    bar = cell(view, "board-1:cpu").bar
    assert bar is not None
    assert (bar.percent, bar.over, bar.label) == (pytest.approx(66.9, abs=0.1), False, "268 of 400 MiB")


def test_a_deadline_is_judged_on_measured_and_projected_time_only(view: ReportView):
    assert [
        cell(view, "host:cpu", row).deadline and cell(view, "host:cpu", row).deadline.state for row in range(3)
    ] == [  # type: ignore[union-attr]
        "met",
        "missed",
        None,
    ]
    assert cell(view, "board-0:cpu").deadline is None
    for (seconds, low, high), state in {
        (0.02, 0.01, 0.03): "met",
        (0.03, 0.02, 0.05): "unclear",
        (0.1, 0.05, 0.2): "missed",
    }.items():
        judged = cell(estimated(seconds, low, high), "board-0:cpu").deadline
        assert judged is not None
        assert judged.state == state


def test_a_projection_says_about_and_shows_its_band():
    shown = cell(estimated(), "board-0:cpu").figures["latency"]
    assert (shown.text, shown.spread) == ("about 120 ms", "(70 ms to 200 ms)")
    throughput = cell(estimated(), "board-0:cpu").figures["throughput"]
    assert throughput.text.startswith("about ")
    assert throughput.value == pytest.approx(1 / 0.12)


def test_a_missing_sensor_is_a_dash_with_its_reason():
    energy = cell(build(make_run()), "host:cpu").figures["energy"]
    assert (energy.text, energy.value) == ("–", None)
    assert energy.note == "rapl: energy_uj is readable by root only"


def test_one_sample_prints_n_1():
    page = build(everything())
    row = next(r.index for r in page.matrix.rows if r.name.startswith("once"))
    assert cell(page, "host:cpu", row).figures["latency"].spread == "n=1"


def test_every_outcome_has_its_cell():
    page = build(everything())
    states = {c.fit.state for r in page.matrix.rows for c in r.cells if c}
    assert states == {"fits", "thrashes", "does_not_fit", "unsupported", "timed_out", "failed"}
    details = {c.fit.detail for r in page.matrix.rows for c in r.cells if c}
    assert {"its runtime is not installed", "34,000 major faults at 400 MiB", "ValueError: no"} <= details


def test_a_cells_states_are_the_counts_it_belongs_to():
    page = build(everything())
    cells = [c for r in page.matrix.rows for c in r.cells if c]
    for count in page.counts:
        belonging = cells if count.id == "all" else [c for c in cells if count.id in c.states]
        assert len(belonging) == count.number, count.id


def test_a_bound_is_said_in_the_figure():
    run = make_run()
    spoilt = tuple(
        replace(r, measurements=tuple(m for m in r.measurements if m.metric.id != "tree_peak")) for r in run.records
    )
    assert cell(build(replace(run, records=spoilt)), "host:cpu").figures["memory"].text.startswith("at least ")


def test_rows_are_told_apart_by_what_differs():
    run = make_run()
    assert {r.variant for r in build(run).matrix.rows} == {""}
    cases = run.manifest.plan.cases
    other = tuple(replace(c, runtime="onnxruntime") for c in cases)
    page = build(replace(run, manifest=replace(run.manifest, plan=replace(run.manifest.plan, cases=cases + other))))
    assert {r.variant for r in page.matrix.rows} == {"torch-eager", "onnxruntime"}
    assert len({r.anchor for r in page.matrix.rows}) == len(page.matrix.rows) == 6


def test_two_suites_with_a_workload_of_one_name_are_told_apart():
    one, two = make_run([Work("same")], suite="a"), make_run([Work("same")], suite="b")
    plan = replace(one.manifest.plan, cases=one.manifest.plan.cases + two.manifest.plan.cases)
    page = build(Run(replace(one.manifest, plan=plan), one.records + two.records))
    assert [r.name for r in page.matrix.rows] == ["a/same · batch 1", "b/same · batch 1"]


def test_a_run_that_has_not_finished_says_so():
    page = build(make_run(unfinished=5))
    assert any("not finished" in sentence for sentence in page.lead)
    assert "not_run" in {c.id for c in page.counts}
    nothing = build(replace(make_run(), records=()))
    assert nothing.headline == "Nothing was tried."


@pytest.mark.parametrize(("workloads", "tiers"), [(0, 2), (1, 2), (3, 3), (60, 12)])
def test_it_holds_at_any_size(workloads: int, tiers: int):
    page = build(many(workloads, tiers, rounds=9) if workloads else make_run([], boards(tiers)))
    assert len(page.matrix.rows) == workloads
    assert all(len(r.cells) == len(page.matrix.tiers) for r in page.matrix.rows)


def test_a_tiny_need_still_has_a_bar_and_a_huge_one_stops_at_the_end():
    page = build(make_run([Work("tiny", weights=1, activations=1), Work("huge", weights=900_000 * MIB)]))
    assert cell(page, "host:cpu").bar.percent > 0  # type: ignore[union-attr]
    bar = cell(page, "host:cpu", 1).bar
    assert bar is not None
    assert (bar.percent, bar.over) == (100.0, True)


def test_samples_that_came_with_another_stage_are_not_the_latency():
    run = make_run(processes=1)
    moved = tuple(
        replace(
            r, measurements=tuple(replace(m, stage="warm-up") if m.metric == LATENCY else m for m in r.measurements)
        )
        for r in run.records
    )
    assert cell(build(replace(run, records=moved)), "host:cpu").figures["latency"].value is None


def test_a_limit_that_was_not_enforced_reads_as_not_tried_with_its_reason_and_the_need_beside_it():
    page = build(with_limit(make_run(), given=None, note="nothing here can enforce it"))
    for row in range(3):
        found = cell(page, "board-0:cpu", row)
        assert (found.fit.state, found.fit.word) == ("unsupported", "not tried")
        assert found.fit.detail == "memory limit not enforced: nothing here can enforce it"
        assert found.fit.provenance is None
        assert found.bar is not None
    assert {c.id: c.number for c in page.counts}["fits"] == 3, "those of the host"
    assert {d.limit for d in page.data if d.tier == "board-0:cpu"} == {"not enforced"}


def test_an_approximate_limit_is_said_in_the_cell_and_in_the_data():
    page = build(with_limit(make_run(), approximate=True, means="rlimit"))
    assert cell(page, "board-0:cpu").fit.said == "fits (approximately enforced)"
    assert cell(page, "board-1:cpu", 1).fit.said == "does not fit (approximately enforced)"
    assert cell(page, "host:cpu").fit.said == "fits"
    assert {d.limit for d in page.data if d.tier == "board-0:cpu"} == {"approximately enforced"}
    assert {d.limit for d in page.data if d.tier == "host:cpu"} == {""}


def test_the_source_of_a_misfits_need_is_said_where_it_is_another_than_the_verdicts():
    page = build(everything())
    bases = {c.fit.detail: (c.fit.provenance, c.fit.basis) for r in page.matrix.rows for c in r.cells if c}
    assert bases["needs 5.3 of 4 GiB"] == ("enforced", "measured")
    assert bases["34,000 major faults at 400 MiB"] == ("enforced", None)
    assert bases["stopped at 7 GiB"] == ("enforced", None)


def test_a_tier_on_which_nothing_was_tried_has_its_one_reason_at_its_head():
    untried = build(everything()).matrix.untried
    assert untried == ("", "", "", "", "its runtime is not installed")
    loose = build(with_limit(make_run(), given=None)).matrix.untried
    assert loose == ("", "", ""), "a need is known there"


def test_a_gpu_that_is_not_here_but_projected_keeps_its_cells_and_their_times():
    run = everything()
    skips = tuple(replace(s, case=replace(s.case, device="gpu")) for s in run.manifest.plan.skips)
    run = replace(run, manifest=replace(run.manifest, plan=replace(run.manifest.plan, skips=skips)))
    assert build(run).matrix.untried[-1] == "its runtime is not installed"
    matrix = build(run, {skips[0].case.id: Estimate(0.1, 0.05, 0.2)}).matrix
    assert matrix.untried[-1] == ""
    found = [row.cells[-1] for row in matrix.rows if row.cells[-1]]
    assert next((c.fit.state, c.figures["latency"].text) for c in found) == ("unsupported", "about 100 ms")


def test_a_figure_that_no_cell_has_is_said_once():
    page = build(make_run())
    assert page.matrix.absent == (("energy",),) * 3
    assert page.matrix.notes[-1] == "Energy per step is a dash throughout: rapl: energy_uj is readable by root only."
    some = build(make_run(gpu=True, energy=True)).matrix
    assert some.absent == (("energy",), (), ("energy",), ("energy",))
    assert [n for n in some.notes if "nergy" in n] == [
        "Energy per step of the Host CPU is a dash throughout: rapl: energy_uj is readable by root only.",
        "A board's energy is a dash: it was not measured, and this host's says nothing of it.",
    ]


def test_energy_that_is_projected_for_a_board_is_not_said_to_be_a_dash_throughout():
    run = make_run()
    board = next(c for c in run.manifest.plan.cases if c.profile != HOST)
    joules = Joules(2.0, 1.0, 4.0, "wall", "a review")
    notes = build(run, {board.id: Estimate(0.1, 0.05, 0.2, joules=joules)}).matrix.notes
    assert [n for n in notes if "nergy" in n] == [
        "Energy per step of the Host CPU is a dash throughout: rapl: energy_uj is readable by root only.",
        "A board's energy is a dash where it was not projected, and this host's says nothing of it.",
    ]


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["NVIDIA Jetson Orin Nano (8 GB)", "Raspberry Pi 5 (4 GB)"], ["Jetson Orin Nano", "Raspberry Pi 5"]),
        (["Raspberry Pi 5 (4 GB)", "Raspberry Pi 5 (8 GB)"], ["Raspberry Pi 5 (4 GB)", "Raspberry Pi 5 (8 GB)"]),
        (["(4 GB)", "NVIDIA "], ["(4 GB)", "NVIDIA "]),
        ([], []),
    ],
)
def test_short_names_drop_what_is_not_needed_to_tell_them_apart(names: list[str], short: list[str]):
    assert list(short_names(names).values()) == short


def test_a_target_is_named_in_a_sentence_only_where_another_of_its_board_was_tried():
    tiers = build(two_targets()).matrix.tiers
    assert [t.short for t in tiers if t.board] == ["Twin · CPU", "Twin · GPU"]
    assert spoken(tiers, ["b:cpu"])["b:cpu"] == "Twin"
    assert spoken(tiers, ["b:cpu", "b:gpu"])["b:cpu"] == "Twin · CPU"
    assert "fits a Twin in PyTorch" in build(two_targets()).headline


def test_two_profiles_of_one_name_are_told_apart():
    slow = replace(board("slow", "Twin", 400 * MIB), power_mode="7 W")
    names = [t.short for t in build(make_run(profiles=[board("fast", "Twin", 400 * MIB), slow])).matrix.tiers]
    assert names[1:] == ["Twin, fast", "Twin, 7 W"]


def two_targets() -> Run:
    """A board whose GPU could not be tried."""
    twin = board("b", "Twin", 4096 * MIB)
    twin = replace(twin, target=(*twin.target, Target("gpu", "gpu", "GPU")))
    run = make_run([Work("w")], [twin])
    case = next(c for c in run.manifest.plan.cases if c.profile == "b")
    skip = Skip(replace(case, target="gpu", device="gpu"), "this host has no GPU")
    return replace(run, manifest=replace(run.manifest, plan=replace(run.manifest.plan, skips=(skip,))))
