"""A generic limit stands for no board: the report says so, and shows no time for it whatever was computed."""

from __future__ import annotations

import msgspec
from sample_runs import GIB, SMALL, board, make_run

from harness.model.profile import HardwareProfile
from harness.verdict import Estimate, gather
from harness.view import build


def _limit() -> HardwareProfile:
    made = board("generic-4gb", "Generic limit of 4 GB", 4 * GIB)
    return msgspec.structs.replace(made, kind="generic")


def _run():
    return make_run(SMALL, [board("board-0", "Raspberry Pi 5 (4 GB)", 4 * GIB), _limit()])


def test_an_estimate_for_a_generic_limit_is_dropped_and_a_board_s_is_kept() -> None:
    run = _run()
    facts = gather(run, {case.id: Estimate(0.1, 0.05, 0.2) for case in run.manifest.plan.cases})
    assert {f.estimate for f in facts if f.case.profile == "generic-4gb"} == {None}
    assert {f.estimate is None for f in facts if f.case.profile == "board-0"} == {False}
    assert {f.case.profile for f in facts if f.generic} == {"generic-4gb"}


def test_its_time_is_a_dash_with_the_reason() -> None:
    run = _run()
    view = build(run, {case.id: Estimate(0.1, 0.05, 0.2) for case in run.manifest.plan.cases})
    tier = next(t for t in view.matrix.tiers if t.id.startswith("generic"))
    cells = [row.cells[tier.index] for row in view.matrix.rows]
    assert {cell.figures["latency"].value for cell in cells if cell} == {None}
    assert {cell.figures["latency"].note for cell in cells if cell} == {
        "a generic limit stands for no board: no time is projected for it"
    }


def test_its_column_and_its_basis_say_that_it_is_no_board() -> None:
    view = build(_run())
    tier = next(t for t in view.matrix.tiers if t.id.startswith("generic"))
    assert tier.sub.startswith("generic limit, 4 GiB for a workload")
    basis = next(m.basis for m in view.method.tiers if m.tier.id == tier.id)
    assert basis.startswith("A generic limit and no board: 4 GiB for a workload")
    assert "A generic limit stands for no board: no time is ever projected for it." in view.matrix.notes
