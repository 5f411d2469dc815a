"""What measuring itself costs: a workload that does nothing, run as any other, once a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from harness.engine.assemble import assemble
from harness.engine.own_cost import OwnCost
from harness.executors import Executor
from harness.model.case import HOST, Case, Pace, Plan, Trial, WorkloadRef
from harness.model.events import ChildEvent
from harness.model.load import Load
from harness.model.record import Record

SUITE = Path(__file__).with_name("null_suite.py")
ROUNDS = 128
PACE = Pace(budget_seconds=1.0, warmup_seconds=0.0, precision=1.0, min_rounds=ROUNDS, load=Load())
"""With a load, as of queries, each round is one step: what is left of it is what the harness adds."""
TIMEOUT_SECONDS = 30.0


def trial() -> Trial:
    """The trial; its case is in no plan, so that no report takes it for a workload."""
    work = WorkloadRef("tierbench", "null", str(SUITE))
    case = Case(work, HOST, "cpu", "cpu", "python", "float32")
    return Trial(case, "timing", pace=PACE, timeout_seconds=TIMEOUT_SECONDS)


def measure(executor: Executor, cancelled: Callable[[], bool] = lambda: False) -> Record | None:
    """Run it and give its record, None where it was stopped. Takes about half a second."""
    record = _run(executor, trial(), cancelled)
    if record is None:
        return None
    found = tuple(m for m in record.measurements if m.values and m.stage in {"timed", "trial"})
    return replace(record, measurements=found, findings=())  # it has no warm-up: there is nothing to judge


def energy_trials(plan: Plan) -> list[Trial]:
    """The null workload in the energy role, once for each device of whose work the plan measures the energy, at the
    plan's own pace.
    """
    by_device = {planned.case.device: planned for planned in plan.trials if planned.role == "energy"}
    return [_like(planned) for planned in by_device.values()]


def measure_energy(executor: Executor, plan: Plan, cancelled: Callable[[], bool] = lambda: False) -> tuple[Record, ...]:
    """What the machine draws under the harness and a workload that does nothing; nothing where no energy is planned.

    Takes as long as an energy trial, a device.
    """
    records = (_run(executor, own, cancelled) for own in energy_trials(plan))
    return tuple(record for record in records if record is not None)


def _like(planned: Trial) -> Trial:
    case = replace(trial().case, device=planned.case.device, target=planned.case.target)
    return replace(trial(), case=case, role="energy", pace=planned.pace, timeout_seconds=planned.timeout_seconds)


def _run(executor: Executor, own: Trial, cancelled: Callable[[], bool]) -> Record | None:
    events, cost = list[ChildEvent](), OwnCost()

    def listen(event: ChildEvent) -> None:
        cost.hear(event)
        events.append(event)

    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    ending = executor.execute(own, (), listen, cancelled)
    return None if ending.cancelled else assemble(own, events, ending, started, cost.measurements())
