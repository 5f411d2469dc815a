from __future__ import annotations

import pytest
from msgspec.structs import replace
from sample_runs import Work, boards, everything, make_run, with_fate, with_limit

from harness.model import codec
from harness.model.measure import Finding
from harness.model.outcome import Thrashes
from harness.model.record import Enforced
from harness.model.units import GIB
from harness.verdict import Estimate
from harness.view import ReportView, build


@pytest.fixture(scope="module")
def view() -> ReportView:
    return build(everything())


def test_the_top_says_what_when_and_where(view: ReportView):
    assert view.eyebrow == (
        "Comparison report",
        "run 2026-11-23T021400-beef",
        "commit a1b2c3d4e5",
        "23 Nov 2026, 02:14 UTC",
        "Intel Xeon Platinum 8481C",
    )
    assert view.headline.endswith(".")


def test_the_lead_names_the_means_and_the_interval(view: ReportView):
    assert view.lead[1] == "Each board's memory limit was enforced on this x86_64 host by cgroup-v1."
    assert "within that process" in view.lead[2]
    assert "3 processes" in build(make_run(processes=3)).lead[1]


def test_the_lead_counts_what_fits_but_thrashes(view: ReportView):
    assert view.lead[0] == "1 case fits but thrashes, not counted as fitting: on a Raspberry Pi Zero 2 W."
    work = with_fate(Work("w"), board_0_cpu=Thrashes(1, 9), board_1_cpu=Thrashes(1, 9))
    page = build(make_run([work, with_fate(Work("v"), board_1_cpu=Thrashes(1, 9))]))
    assert page.lead[0] == (
        "3 cases fit but thrash, not counted as fitting: 2 on a Raspberry Pi Zero 2 W and 1 on a Raspberry Pi 5."
    )


def test_a_run_whose_limits_could_not_be_enforced_says_so():
    page = build(with_limit(make_run(), given=None))
    assert page.lead[0] == "No memory limit could be enforced here, so nothing can be said of what fits a board."
    assert " fit" not in page.headline
    assert [k.used for k in page.key if k.id == "enforced"] == [False]


def test_approximate_limits_and_lost_ones_are_said_in_the_lead():
    run = with_limit(make_run(), approximate=True, means="rlimit")
    assert "was approximately enforced on this x86_64 host by rlimit." in build(run).lead[0]
    first = next(r for r in run.records if r.trial.role == "ceiling")
    lost = with_limit(replace(run, records=(first,)), given=None).records
    some = replace(run, records=(*run.records, *lost))
    assert build(some).lead[0].endswith("; in 1 of 6 cases it could not be, and they count as not tried.")


def test_the_key_has_all_three_provenances_and_says_which_occur(view: ReportView):
    assert [(k.id, k.used) for k in view.key] == [("measured", True), ("enforced", True), ("projected", False)]
    case = "synthetic/mobilenet-v2[batch=1]@board-0:cpu/torch-eager/float32/single_stream"
    assert all(k.used for k in build(make_run(), {case: Estimate(1.0, 0.5, 2.0)}).key)


def test_findings_of_one_kind_are_together_worst_first(view: ReportView):
    assert [(f.level, f.code, f.count) for f in view.findings] == [("warning", "busy", 2), ("info", "governor", 1)]
    assert view.findings[0].hint == "stop it and run again"
    assert view.findings[0].subjects == ("timing:a", "timing:b")


def test_records_findings_count_too_and_many_subjects_are_cut():
    run = make_run(processes=3)
    noisy = tuple(
        replace(r, findings=(Finding("error", "throttled", "slowed", "cool it", r.trial_id),)) for r in run.records
    )
    group = build(replace(run, records=noisy)).findings[0]
    assert group.count == len(run.records)
    assert len(group.subjects) == 12
    assert group.more == len(run.records) - 12


def test_what_was_enforced_and_what_was_not(view: ReportView):
    board = next(t for t in view.method.tiers if t.tier.id == "board-0:cpu")
    by_name = {limit.limit: limit for limit in board.limits}
    assert by_name["memory"].verdict == "enforced"
    assert by_name["cores"].verdict == "asked 4 cores, given 2 cores"
    assert [by_name[name].kept for name in ("memory", "cores")] == [True, False]
    rounded = build(with_limit(make_run(), given=4 * GIB - 819, asked=4 * GIB)).method.tiers[1].limits[0]
    assert (rounded.verdict, rounded.kept) == ("enforced", True), "the kernel keeps whole pages"
    host = next(t for t in view.method.tiers if not t.tier.board)
    assert host.missing == "nothing was limited"
    skipped = next(t for t in view.method.tiers if t.tier.id == "board-3:cpu")
    assert skipped.missing == "no trial ran under this tier's limits"


def test_approximate_and_refused_limits_are_said():
    run = make_run(profiles=boards(1), processes=1)
    enforced = (
        Enforced("memory", 100, 100, "rlimit", approximate=True),
        Enforced("swap", 0, None, "rlimit", note="cannot be limited"),
        Enforced("cores", 1, 1, "affinity"),
    )
    changed = tuple(replace(r, enforced=enforced) if r.trial.role == "ceiling" else r for r in run.records)
    limits = build(replace(run, records=changed)).method.tiers[1].limits
    assert [(e.verdict, e.given) for e in limits[:3]] == [
        ("approximate", "100 B"),
        ("not enforced", "–"),
        ("enforced", "1 core"),
    ]


def test_the_method_has_machine_versions_and_the_command(view: ReportView):
    assert view.method.command == "tierbench run --quick -p rpi5"
    assert ("torch", "2.13.0") in {(f.name, f.value) for f in view.method.versions}
    assert ("onnxruntime", "not installed") in {(f.name, f.value) for f in view.method.versions}
    assert ("threads", "2") in {(f.name, f.value) for f in view.method.workers}
    assert "latency" in {f.name for f in view.method.metrics}


def test_the_command_is_quoted_for_a_shell():
    run = make_run()
    command = ("tierbench", "run", "-k", "a b; rm -rf /")
    page = build(replace(run, manifest=replace(run.manifest, command=command)))
    assert page.method.command == "tierbench run -k 'a b; rm -rf /'"


def test_data_has_a_row_a_case_and_metric_and_a_reason_for_what_is_missing(view: ReportView):
    keys = [(r.case, r.metric, r.marks) for r in view.data]
    assert len(keys) == len(set(keys))
    assert all((r.value is None) == bool(r.note and not r.provenance) for r in view.data if r.metric == "latency")
    boards_time = [r for r in view.data if r.tier.startswith("board") and r.metric == "latency"]
    assert boards_time
    assert {r.value for r in boards_time} == {None}
    assert {r.outcome for r in view.data} >= {"fits", "does_not_fit", "thrashes", "failed"}


def test_a_view_is_plain_data(view: ReportView):
    assert codec.decode(codec.encode(view), ReportView) == view


def test_the_same_run_gives_the_same_view():
    assert build(everything()) == build(everything())
