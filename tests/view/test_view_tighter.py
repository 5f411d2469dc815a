"""A case that was not run because a tighter tier's trial shows that it fits: its cell, limits and line of progress."""

from __future__ import annotations

from msgspec.structs import replace
from sample_runs import boards, make_run

from harness.cli.progress import line_of
from harness.engine.tighter import shown
from harness.model.events import TrialEnded
from harness.model.record import Enforced, Record, Run
from harness.model.units import GIB, show_bytes
from harness.view import build

ROOMY, _, WIDER, *_ = boards(3)


def shown_run() -> tuple[Run, Record]:
    """A run on two boards, in which the wider board's trials were left out."""
    run = make_run(profiles=[ROOMY, WIDER], processes=1)
    ceilings = [r for r in run.records if r.trial.role == "ceiling"]
    swap = Enforced("swap", 0, 0, "cgroup-v1")
    tight = [replace(r, enforced=(*r.enforced, swap)) for r in ceilings if r.trial.case.profile == ROOMY.id]
    left_out = {r.trial_id: shown(r.trial, tight, r.started) for r in ceilings if r.trial.case.profile == WIDER.id}
    records = tuple(left_out.get(r.trial_id) or r for r in run.records)
    return replace(run, records=records), next(r for r in records if r.shown_by)


def test_the_case_counts_as_fitting_and_says_where_it_ran():
    run, record = shown_run()
    cell = next(c for row in build(run).matrix.rows for c in row.cells if c.fit.note.startswith("ran to its end"))
    assert (cell.fit.state, cell.fit.provenance) == ("fits", "enforced")
    assert f"within {show_bytes(4 * GIB)}" in cell.fit.note
    assert record.trial.limits.memory_bytes == 7 * GIB


def test_the_table_of_limits_tells_the_tiers_own_and_the_tighter_one():
    run, record = shown_run()
    methods = [t for t in build(run).method.tiers if t.tier.id == record.trial.case.tier]
    row = next(limit for limit in methods[0].limits if "tighter" in limit.note)
    assert (row.asked, row.given, row.verdict) == (show_bytes(7 * GIB), show_bytes(4 * GIB), "enforced")
    assert row.limit == "memory"
    assert record.trial.case.workload.name in row.note


def test_its_line_of_progress_names_the_tighter_limit_in_place_of_a_time():
    _, record = shown_run()
    assert (line_of(TrialEnded(record, 3, 9)) or "").endswith(f"ok  as in {show_bytes(4 * GIB)}")
