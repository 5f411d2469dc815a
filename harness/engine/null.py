"""What measuring itself costs: a workload that does nothing, run as any other, once a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from harness.engine.assemble import assemble
from harness.engine.own_cost import OwnCost
from harness.executors import Executor
from harness.model.case import HOST, Case, Pace, Trial, WorkloadRef
from harness.model.events import ChildEvent
from harness.model.record import Record

SUITE = Path(__file__).with_name("null_suite.py")
ROUNDS = 128
PACE = Pace(budget_seconds=1.0, warmup_seconds=0.0, precision=1.0, min_rounds=ROUNDS)
TIMEOUT_SECONDS = 30.0


def trial() -> Trial:
    """The trial; its case is in no plan, so that no report takes it for a workload."""
    work = WorkloadRef("tierbench", "null", str(SUITE))
    case = Case(work, HOST, "cpu", "cpu", "python", "float32")
    return Trial(case, "timing", pace=PACE, timeout_seconds=TIMEOUT_SECONDS)


def measure(executor: Executor, cancelled: Callable[[], bool] = lambda: False) -> Record | None:
    """Run it and give its record, None where it was stopped. Takes about half a second."""
    own, events, cost = trial(), list[ChildEvent](), OwnCost()

    def listen(event: ChildEvent) -> None:
        cost.hear(event)
        events.append(event)

    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    ending = executor.execute(own, (), listen, cancelled)
    if ending.cancelled:
        return None
    record = assemble(own, events, ending, started, cost.measurements())
    found = tuple(m for m in record.measurements if m.values and m.stage in {"timed", "trial"})
    return replace(record, measurements=found, findings=())  # it has no warm-up: there is nothing to judge
