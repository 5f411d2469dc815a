from __future__ import annotations

from functools import cache

import pytest
from compared_runs import WORKS, as_baseline, compared, elsewhere, large, pair, pair_of
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sample_runs import Work, boards, make_run, with_fate

from harness.compare import Comparison, compare
from harness.model import codec
from harness.model.measure import LATENCY
from harness.model.outcome import DoesNotFit, Failed
from harness.view import ReportView, build
from harness.view.changes import interval, said, signed, states
from harness.view.compared import Changed, Forest
from harness.view.forest import ratio_axis
from harness.view.scale import MOST_TICKS, ratio_ticks

RATIO = st.floats(1e-3, 1e3)


def seen(runs, **asked: object) -> ReportView:
    run, comparisons = compared(runs, **asked)
    return build(run, comparisons=comparisons)


@cache
def seen_pair(**asked: object) -> ReportView:
    return seen(pair(**asked))


def section(view: ReportView) -> Changed:
    assert view.changed is not None
    return view.changed


def plot(view: ReportView, metric: str = "latency") -> Forest:
    return next(f for f in section(view).forests if f.metric == metric)


@pytest.fixture(scope="module")
def view() -> ReportView:
    return seen_pair()


def row(metric: str = "latency", verdict: str = "no_change", **more: object) -> Comparison:
    return Comparison("case", "w", "host:cpu", metric, "s", verdict, verdict, **more)  # type: ignore[arg-type]


def test_without_a_baseline_nothing_is_said_of_changes():
    run = pair()[1]
    page = build(run)
    assert page.changed is None
    assert not {"slower", "faster", "no_change", "changed"} & {c.id for c in page.counts}
    assert {c.states for r in page.matrix.rows for c in r.cells if c} == {
        c.states[: 1 + bool(c.deadline)] for r in page.matrix.rows for c in r.cells if c
    }
    assert "against" not in " ".join(page.eyebrow)


def test_the_eyebrow_says_which_run_and_commit_against_which(view: ReportView):
    assert view.eyebrow[1:3] == (
        "run 2026-11-23T021400-beef against run 2026-11-22T021300-dead",
        "commit a1b2c3d4e5 against 9f8e7d6c5b",
    )


def test_a_baseline_of_no_known_commit_is_said_to_be_of_an_unknown_one():
    before, after = pair()
    bare = replace(before.manifest, environment=replace(before.manifest.environment, git_commit=None))
    assert seen((replace(before, manifest=bare), after)).eyebrow[2] == "commit a1b2c3d4e5 against an unknown one"


def test_the_verdict_begins_with_what_changed_worst_first(view: ReportView):
    assert view.headline.startswith(
        "1 of 6 workloads no longer fits a Raspberry Pi Zero 2 W, 1 got slower, 1 needs more memory and 1 got faster. "
        "5 of 6 workloads fit a Raspberry Pi 5"
    )
    assert section(view).summary == view.headline.split(". ")[0] + "."


def test_the_lead_names_the_baseline_and_the_largest_regression(view: ReportView):
    assert view.lead[0].startswith(
        "Compared with run 2026-11-22T021300-dead of 22 Nov 2026, 02:13 UTC. Most of all vit-b16"
    )
    assert view.lead[0].endswith("] slower.")


def test_the_counts_gain_what_changed_and_each_is_found_in_the_cells(view: ReportView):
    counts = {c.id: c for c in view.counts}
    assert [c.id for c in view.counts][-5:] == ["slower", "more_memory", "faster", "no_change", "failed"]
    assert (counts["slower"].label, counts["fits_no_more"].label) == ("slower", "fit no more")
    cells = [c for r in view.matrix.rows for c in r.cells if c]
    for id_ in ("slower", "faster", "more_memory", "fits_no_more", "no_change"):
        assert counts[id_].number == sum(id_ in c.states for c in cells)
    assert sum("changed" in c.states for c in cells) == 4
    assert counts["no_change"].number == len(cells) - 4


def test_slower_and_faster_are_counted_even_where_there_are_none():
    run = make_run()
    counts = {c.id: c.number for c in seen((as_baseline(run), run)).counts}
    assert (counts["slower"], counts["faster"]) == (0, 0)


def test_a_changed_cell_says_by_how_much_and_a_quiet_one_nothing(view: ReportView):
    told = {r.title: [c.text for c in r.cells[0].changes] for r in view.matrix.rows if r.cells[0]}
    assert told["vit-b16"][0].endswith("] slower")
    assert told["vit-b16"][0].startswith("+1")
    assert told["whisper"][0].endswith("faster")
    assert told["resnet50"] == []
    pi_zero = next(r for r in view.matrix.rows if r.title == "yolov8n").cells[2]
    assert [(c.verdict, c.text) for c in pi_zero.changes] == [("regressed", "ran before, does not fit now")]  # type: ignore[union-attr]


def test_rows_are_worst_first_then_what_improved_then_what_did_not_change(view: ReportView):
    rows = [r for g in plot(view).groups for r in g.rows]
    assert [r.name.split(" ")[0] for r in rows[:2]] == ["vit-b16", "whisper"]
    assert [r.verdict for r in rows] == ["regressed", "improved", *["no_change"] * 4]
    assert rows[2].x >= rows[-1].x  # type: ignore[operator]


def test_a_row_has_its_ratio_interval_verdict_and_both_figures(view: ReportView):
    first = plot(view).groups[0].rows[0]
    assert first.words == "slower"
    assert first.change.startswith("+1")
    assert first.interval.startswith("[+1")
    assert first.figures == "39.6 → 44.9 ms"
    assert first.low < first.x < first.high  # type: ignore[operator]
    assert first.said == f"{first.change} {first.interval} slower"


def test_the_band_is_the_threshold_about_no_change(view: ReportView):
    forest = plot(view)
    zero = next(t.x for t in forest.ticks if t.label == "0")
    for row_ in forest.groups[0].rows:
        start, width = row_.band
        assert start < zero < start + width
        inside = start <= row_.low and row_.high <= start + width  # type: ignore[operator]
        assert not inside or row_.verdict == "no_change"
    assert "Grey band: 5 %." in forest.note


def test_a_noise_floor_widens_the_band_and_is_named():
    page = seen(pair(), floors={"latency": 0.3})
    quiet, noisy = plot(seen_pair()), plot(page)
    assert noisy.groups[0].rows[0].verdict == "no_change"
    assert noisy.note.endswith("Grey band: 30 %, this machine's noise floor of 30 % included.")
    assert noisy.groups[0].rows[0].band[1] > quiet.groups[0].rows[0].band[1]
    assert any("doctor --noise" in note for note in section(seen_pair()).notes)
    assert not any("doctor --noise" in note for note in section(page).notes)


def test_memory_thresholds_that_differ_by_row_are_said_to():
    small, large_ = Work("small", weights=1 << 20), Work("large", weights=4000 << 20)
    assert plot(seen(pair_of((small, large_), gpu=True)), "gpu_reserved_peak").note.endswith("% by row.")


def test_one_process_a_side_is_inconclusive_and_says_why():
    page = seen_pair(processes=1)
    forest = plot(page)
    assert {(r.interval, r.words, r.low) for r in forest.groups[0].rows} == {("n=1", "inconclusive", None)}
    assert forest.reasons == (
        "6 inconclusive: one process on a side says nothing of how processes differ: run with --processes 5.",
    )
    assert f"Latency: {forest.reasons[0]}" in page.lead


def test_runs_that_are_all_inconclusive_are_not_called_unchanged():
    run = make_run(profiles=[], processes=1)
    page = seen((as_baseline(run), run))
    assert page.headline.startswith("Whether any of 3 workloads changed is inconclusive. ")
    assert next(c.number for c in page.counts if c.id == "inconclusive") == 3


def test_of_a_single_workload_no_number_is_said():
    before, after = make_run([Work("w")], []), make_run([Work("w", seconds=0.02, weights=900 << 20)], [])
    page = seen((as_baseline(before), after))
    assert page.headline == "The only workload got slower and needs more memory. The only workload ran on this machine."


def test_equal_runs_show_no_change():
    run = make_run(processes=3)
    page = seen((as_baseline(run), run))
    assert page.headline.startswith("No change detected in 3 workloads. ")


def test_runs_of_different_machines_are_refused_with_the_reason_and_no_figure():
    before, after = pair()
    page = seen((before, elsewhere(after)))
    assert page.headline.startswith("Not comparable with its baseline. ")
    assert section(page).forests == section(page).ends == ()
    only = section(page).incomparable
    assert [(i.count, i.names) for i in only] == [(18, ())]
    assert "processor Intel Xeon Platinum 8481C and Another CPU" in only[0].reason
    assert "--insist" in page.lead[0]
    assert next(c.number for c in page.counts if c.id == "not_comparable") == 18


def test_insisting_compares_and_says_against_what():
    before, after = pair()
    page = seen((before, elsewhere(after)), insist=True)
    assert plot(page).groups[0].rows[0].words == "slower"
    assert "although the runs are from different machines" in page.lead[0]
    assert section(page).notes[0].startswith("Compared all the same: the runs are from different machines")


def test_a_changed_workload_is_named_with_its_reason():
    before, after = pair()

    def newer(case):
        return replace(case, workload=replace(case.workload, version=2)) if case.workload.name == "vit-b16" else case

    records = tuple(replace(r, trial=replace(r.trial, case=newer(r.trial.case))) for r in after.records)
    plan = replace(after.manifest.plan, cases=tuple(map(newer, after.manifest.plan.cases)))
    page = seen((before, replace(after, records=records, manifest=replace(after.manifest, plan=plan))))
    (only,) = section(page).incomparable
    assert (only.reason, only.count) == ("the workload changed: version 1 and version 2", 3)
    assert only.names[0] == "vit-b16 · batch 1 on Host CPU"


def test_from_fits_to_does_not_fit_is_in_words_with_what_it_needs(view: ReportView):
    (end,) = section(view).ends
    assert (end.where, end.verdict, end.words) == ("Raspberry Pi Zero 2 W", "regressed", "ran before, does not fit now")
    assert (end.detail, end.provenance) == ("needs 438 of 400 MiB", "enforced")
    assert "Of 18 cases that were tried, 17 ended as in the baseline." in section(view).notes[-1]


def test_how_cases_ended_is_told_worst_first_and_what_was_tried_in_neither_run_is_not():
    full = DoesNotFit(boards(1)[0].budget_bytes, None, "killed")
    before = make_run([with_fate(Work("a"), board_0_cpu=full), Work("b"), Work("c")], skips={"board-1:cpu": "none"})
    after = make_run([Work("a"), with_fate(Work("b"), board_0_cpu=Failed("no", "load")), Work("c")],
                     skips={"board-1:cpu": "none"})  # fmt: skip
    page = seen((as_baseline(before), after))
    assert [(e.name[0], e.verdict, e.words) for e in section(page).ends] == [
        ("b", "regressed", "ran before, fails now"),
        ("a", "improved", "did not fit before, runs now"),
    ]
    assert "1 of 3 workloads no longer runs on a Raspberry Pi 5 and 1 now fits a Raspberry Pi 5." in page.headline


def test_a_case_that_only_one_run_tried_is_inconclusive_with_the_reason():
    before = make_run(profiles=boards(1))
    after = make_run(profiles=boards(1), skips={"board-0:cpu": "no means of enforcement"})
    ends = section(seen((as_baseline(before), after))).ends
    assert {(e.verdict, e.detail) for e in ends} == {
        ("inconclusive", "tried only in the baseline; in the candidate: no means of enforcement")
    }


def test_cases_of_one_run_only_are_named():
    before, after = make_run(WORKS[:2]), make_run(WORKS[1:4])
    notes = section(seen((as_baseline(before), after))).notes
    assert notes[0].startswith("3 cases are only in the baseline: synthetic/mobilenet-v2")
    assert notes[1].startswith("6 cases are only in the candidate: ")


def test_runs_with_nothing_in_common_say_so():
    page = seen((as_baseline(make_run([Work("a")])), make_run([Work("b")])))
    assert page.headline.startswith("Nothing in common with its baseline. ")
    assert section(page).forests == ()


def test_energy_of_one_trial_does_not_make_a_case_inconclusive():
    page = seen_pair(gpu=True)
    assert {r.words for r in plot(page, "step_energy").groups[0].rows} == {"inconclusive"}
    assert "inconclusive" not in {c.id for c in page.counts}


def test_with_a_gpu_rows_name_their_tier_and_have_its_colour():
    page = seen_pair(gpu=True)
    assert plot(page).several
    rows = plot(page).groups[0].rows[:2]
    assert {r.where for r in rows} == {"Host CPU", "Host GPU"}
    assert {r.colour for r in rows} == {t.colour for t in page.matrix.tiers if not t.board}
    assert not plot(seen_pair()).several
    assert "1 got slower" in page.headline, "both tiers agree, so neither is named"


def test_few_rows_are_all_shown_and_of_many_only_what_changed():
    assert [g.title for g in plot(seen_pair()).groups] == [""]
    groups = plot(seen(large(60, 3))).groups
    assert [g.title for g in groups] == ["", f"{120 - 6} without a change"]
    assert {r.verdict for r in groups[0].rows} == {"regressed"}
    alone = plot(seen(large(60, 3, processes=1))).groups
    assert [g.title for g in alone] == ["120 inconclusive"]


def test_the_name_of_a_picture_is_its_finding(view: ReportView):
    assert plot(view).name.startswith(
        "Latency against the baseline, 6 in all: 1 slower, most of all vit-b16 · batch 1 on Host CPU with +1"
    )
    assert plot(view).name.endswith("; 4 no change detected.")


def test_everything_stands_inside_its_plot():
    for forest in section(seen(large(40, 4))).forests:
        for group in forest.groups:
            for r in group.rows:
                places = [p for p in (r.x, r.low, r.high, r.band[0], sum(r.band)) if p is not None]
                assert all(-0.1 <= p <= 100.1 for p in places)


def test_an_interval_beyond_all_measure_is_cut_and_marked():
    wide = row(ratio=1.1, low=1e-6, high=1e6, threshold=0.05)
    axis = ratio_axis([wide, row(ratio=1.02, low=1.0, high=1.04, threshold=0.05)])
    assert axis.high < 1.5
    assert axis.low > 0.8


def test_a_difference_that_was_taken_back_says_why_in_its_row():
    run, comparisons = compared(pair())
    why = "so large a difference is to be expected by chance"
    rows = tuple(replace(r, reason=why) if r.words == "no change detected" else r for r in comparisons.rows)
    found = [r for g in plot(build(run, comparisons=replace(comparisons, rows=rows))).groups for r in g.rows]
    assert {r.note for r in found if r.verdict == "no_change"} == {why}
    assert {r.note for r in found if r.verdict != "no_change"} == {""}
    assert found[-1].said.endswith(f"no change detected ({why})")


def test_states_are_what_changed_or_the_weightiest_of_what_did_not():
    assert states([row(verdict="regressed"), row("tree_peak", "improved")]) == ("changed", "slower", "less_memory")
    assert states([row("fit"), row(verdict="inconclusive")]) == ("inconclusive",)
    assert states([row("fit"), row("step_energy", "inconclusive")]) == ("no_change",)
    assert states([row("fit"), row("step_energy", "regressed")]) == ("changed", "more_energy")
    assert states([]) == ()


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(1.14, "+14.0"), (0.8, "-20.0"), (1.0, "0.0"), (1.0001, "0.0"), (3.5, "+250"), (13.0, "+1,200"), (0.05, "-95.0")],
)
def test_a_ratio_is_told_in_percent(ratio: float, text: str):
    assert signed(ratio) == text


def test_a_verdict_is_told_with_as_much_as_it_has():
    whole = row(ratio=1.14, low=1.12, high=1.16, baseline_processes=5, candidate_processes=5)
    assert said(whole) == "+14.0 % [+12.0, +16.0] no_change"
    assert interval(replace(whole, low=None, candidate_processes=1)) == "n=1"
    assert said(row("fit", "regressed")) == "regressed"


def test_the_view_is_plain_data_with_every_comparison_in_it(view: ReportView):
    assert codec.decode(codec.encode(view), ReportView) == view
    run, comparisons = compared(pair())
    assert section(view).data == comparisons.rows
    assert build(run, comparisons=comparisons) == view


def test_a_candidate_that_has_not_run_everything_is_compared_as_far_as_it_goes():
    run = make_run(processes=3)
    half = replace(run, records=run.records[:12])
    page = build(half, comparisons=compare(as_baseline(run), half))
    assert any("not run yet" in e.detail for e in section(page).ends)


def test_a_figure_without_a_ratio_has_a_row_without_a_dot():
    run = make_run(profiles=[], processes=3)
    still = tuple(
        replace(r, measurements=tuple(replace(m, values=(0.0,)) if m.metric == LATENCY else m for m in r.measurements))
        for r in run.records
    )
    first = plot(seen((as_baseline(run), replace(run, records=still)))).groups[0].rows[0]
    assert (first.x, first.low, first.change) == (None, None, "")
    assert first.words == "inconclusive"


def test_a_board_that_could_not_be_tried_in_either_run_is_no_case_of_the_comparison():
    run = make_run(profiles=boards(1), skips={"board-0:cpu": "no runtime"})
    page = seen((as_baseline(run), run))
    cells = [r.cells[1] for r in page.matrix.rows]
    assert {c.states for c in cells if c} == {("unsupported",)}


@given(st.lists(st.tuples(RATIO, RATIO, RATIO, st.floats(0.01, 2)), min_size=1, max_size=20))
def test_an_axis_of_ratios_holds_every_ratio_and_has_readable_ticks(drawn: list[tuple[float, float, float, float]]):
    rows = []
    for *ends, threshold in drawn:
        low, middle, high = sorted(ends)
        rows.append(row(ratio=middle, low=low, high=high, threshold=threshold))
    axis = ratio_axis(rows)
    for r in rows:
        assert axis.low < r.ratio < axis.high  # type: ignore[operator]
    ticks = ratio_ticks(axis)
    assert 1 <= len(ticks) <= MOST_TICKS + 1
    assert "0" in {t.label for t in ticks}
    assert len({t.label for t in ticks}) == len(ticks)
    assert all(0 <= t.x <= 100 for t in ticks)
