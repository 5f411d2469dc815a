"""Throughput is items over the time that passes, wherever it is shown, and no median hides what comes seldom."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace
from sample_runs import SMALL, make_run

from harness.checks import Code, finding, with_findings
from harness.model.estimate import Estimate
from harness.model.measure import ELAPSED, ITEM_ENERGY, LATENCY, POWER, STEP_ENERGY, TIMED_STEPS, TREE_PEAK, Measurement
from harness.model.record import Record, Run
from harness.view import ReportView, build
from harness.view.figures import ARRIVALS, MIXED
from harness.view.report import DataRow

NAME = SMALL[0].name
BOARD_CASE = f"synthetic/{NAME}[batch=1]@board-0:cpu/torch-eager/float32/single_stream"


def stalls(record: Record, more: float = 0.0) -> Record:
    """2 ms, and every tenth time 40 ms; ``more`` seconds passed beside the rounds."""
    times = tuple(0.040 if k % 10 == 9 else 0.002 for k in range(200))
    new = (
        Measurement(LATENCY, "timed", "measured", times),
        Measurement(TIMED_STEPS, "timed", "measured", (200.0,)),
        Measurement(ELAPSED, "timed", "measured", (math.fsum(times) + more,)),
    )
    rest = tuple(m for m in record.measurements if (m.metric.id, m.stage) != (LATENCY.id, "timed"))
    return with_findings(replace(record, measurements=(*new, *rest), items=8.0))


def changed(run: Run, change, role: str = "timing") -> Run:
    def of_it(record: Record) -> bool:
        return record.trial.role == role and record.trial.case.workload.name == NAME

    return replace(run, records=tuple(change(r) if of_it(r) else r for r in run.records))


def host(view: ReportView):
    return view.matrix.rows[0].cells[0]


def data(view: ReportView, tier: str = "host:cpu") -> dict[str, DataRow]:
    return {r.metric: r for r in view.data if r.tier == tier and r.workload.startswith(f"synthetic/{NAME}")}


def test_a_step_that_stalls_every_tenth_time_has_the_throughput_that_comes_through():
    cell = host(build(changed(make_run(), stalls)))
    found = cell.figures["throughput"]
    assert found.value == pytest.approx(8 / 0.0058, rel=1e-6)
    assert cell.figures["latency"].value == pytest.approx(0.002)
    assert "step times are of two kinds: about 2 ms, and about 40 ms in 20 of 200 rounds" in cell.remarks


def test_its_interval_is_its_own_and_not_the_medians():
    rows = data(build(changed(make_run(), stalls)))
    assert rows["latency"].high / rows["latency"].low == pytest.approx(1.0)
    found = rows["throughput"]
    assert found.low < 8 / 0.0058 < found.high
    assert found.high / found.low > 1.02


def test_time_that_passes_between_rounds_counts():
    cell = host(build(changed(make_run(), lambda record: stalls(record, more=1.16))))
    assert cell.figures["throughput"].value == pytest.approx(8 / 0.0116, rel=1e-6)


def test_a_run_that_does_not_say_how_long_its_rounds_took_has_the_mean_of_them():
    def old(record: Record) -> Record:
        kept = tuple(m for m in stalls(record).measurements if m.metric.id not in {ELAPSED.id, TIMED_STEPS.id})
        return replace(record, measurements=kept, items=8.0)

    assert host(build(changed(make_run(), old))).figures["throughput"].value == pytest.approx(8 / 0.0058, rel=1e-6)


def test_a_boards_throughput_does_not_follow_from_a_median_that_hides_stalls():
    def mixed(record: Record) -> Record:
        made = replace(record.trial, role="features")
        return replace(record, trial=made, trial_id=made.id, findings=(finding(Code.TWO_KINDS, "made"),))

    estimates = {BOARD_CASE: Estimate(0.12, 0.07, 0.2)}
    for run, value in ((make_run(), 1 / 0.12), (changed(make_run(), mixed), None)):
        rows = [r for r in build(run, estimates).data if r.case == BOARD_CASE]
        assert next(r for r in rows if r.metric == "latency").value == 0.12
        found = [r for r in rows if r.metric == "throughput"]
        assert [r.value for r in found if r.value is not None] == ([] if value is None else [pytest.approx(value)])
        assert value is not None or not found or found[0].note == MIXED


def test_energy_is_the_mean_of_its_windows():
    """Of four windows a load that keeps step with the sensor is seen in one."""

    def aliased(record: Record) -> Record:
        made = [
            Measurement(metric, "timed", "measured", (0.0, 0.0, 0.0, peak))
            for metric, peak in ((STEP_ENERGY, 4.0), (POWER, 40.0), (ITEM_ENERGY, 1.0))
        ]
        return replace(record, measurements=tuple(made), items=4.0)

    found = data(build(changed(make_run(gpu=True, energy=True), aliased, "energy")), "host:gpu")
    assert found["energy"].value == pytest.approx(1.0)
    assert found["power"].value == pytest.approx(10.0)


@pytest.mark.parametrize(("deadline", "state"), [(0.001, "missed"), (0.010, "unclear"), (0.050, "met")])
def test_a_deadline_is_not_kept_where_only_the_median_keeps_it(deadline, state):
    run = changed(make_run(), stalls)

    def due(case):
        return replace(case, workload=replace(case.workload, deadline_seconds=deadline))

    plan = replace(run.manifest.plan, cases=tuple(map(due, run.manifest.plan.cases)))
    records = tuple(replace(r, trial=replace(r.trial, case=due(r.trial.case))) for r in run.records)
    view = build(replace(run, manifest=replace(run.manifest, plan=plan), records=records))
    assert host(view).deadline.state == state


def test_a_need_of_a_few_steps_is_at_least_that_where_many_held_far_more():
    def held(record: Record) -> Record:
        peak = Measurement(TREE_PEAK, "trial", "measured", (3.0 * SMALL[0].need,))
        return replace(record, measurements=(*record.measurements, peak))

    view = build(changed(make_run(), held))
    assert data(view)["memory"].bound == "lower"
    assert any("over its timed steps; the need is that of a few" in remark for remark in host(view).remarks)
    assert data(build(make_run()))["memory"].bound == ""


def test_under_a_server_it_is_what_came_through_and_its_steps_say_nothing_of_its_interval():
    def waited(record: Record) -> Record:
        made = stalls(record, more=3.0)
        return replace(made, trial=replace(made.trial, case=replace(made.trial.case, scenario="server")))

    run = make_run(processes=1)
    cases = tuple(replace(case, scenario="server") for case in run.manifest.plan.cases)
    plan = replace(run.manifest.plan, cases=cases)
    view = build(replace(changed(run, waited), manifest=replace(run.manifest, plan=plan)))
    found = data(view)["throughput"]
    assert found.value == pytest.approx(8 * 200 / (200 * 0.0058 + 3.0))
    assert (found.low, found.high) == (None, None)
    assert found.note == ARRIVALS
