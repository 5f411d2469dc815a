"""The engine: runs a plan through an executor, one trial after the other, each written down the moment it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec.structs import replace

from harness import store
from harness.engine import cold, pacing, tighter
from harness.engine.assemble import IMPORTED_AFTER, assemble, broken, not_run
from harness.engine.own_cost import OwnCost
from harness.engine.pacing import Pacing, no_projection
from harness.engine.prepared import Preparation
from harness.engine.read_files import with_read_files
from harness.executors import Executor
from harness.model.case import Plan, Role, Trial
from harness.model.events import (
    ChildEvent,
    EngineEvent,
    Notice,
    StageBegan,
    TrialEnded,
    TrialStage,
    TrialStarted,
)
from harness.model.outcome import Ok, Unsupported
from harness.model.record import Record
from harness.model.spec import CACHE_FAILED, Ending
from harness.store import RunWriter

LAUNCH_TRIES = 2
LIMITED: frozenset[Role] = frozenset({"ceiling", "fit"})
UNCAPPED: frozenset[Role] = frozenset({"need", "gate"})
"""Roles that take the same steps, with and without a limit."""
PATIENCE = 3.0
LEAST_PATIENCE_SECONDS = 30.0
"""Under its limit a work reads its model and more of its libraries from disk, which takes seconds whatever it is. What
the limit is too small for the kernel kills within 10 of them, and seldom later; each case that it does not kill takes
as long as this."""


@dataclass
class Stop:
    """A wish to stop: ``soon`` lets the running trial end and be written, ``now`` ends it unwritten."""

    soon: bool = False
    now: bool = False

    def is_now(self) -> bool:
        """Whether the running trial must end."""
        return self.now


@dataclass
class Engine:
    """Runs what a plan still lacks. ``emit`` is told of everything that happens."""

    executor: Executor
    writer: RunWriter
    preparation: Preparation
    emit: Callable[[EngineEvent], None] = lambda _event: None
    stop: Stop = field(default_factory=Stop)
    pacing: Pacing = no_projection
    prepare_at_once: int = 1
    _broken: dict[str, Record] = field(default_factory=dict)
    _uncapped_seconds: dict[str, float] = field(default_factory=dict)
    _cold: set[str] = field(default_factory=set)
    """Works that read from disk however often they are run."""
    _ceilings: list[Record] = field(default_factory=list)
    _paces: bool = False
    _records: list[Record] = field(default_factory=list)
    """All so far; kept only where a projection will be made of them."""

    def run(self, plan: Plan, done: Iterable[Record] = ()) -> bool:
        """Run every trial of ``plan`` that has no record in ``done``; False where it was stopped before the end."""
        finished = {record.trial_id for record in done}
        self._paces = any(trial.role == "paced" for trial in plan.trials)
        for earlier in done:
            self._learn(earlier)
        left = [trial for trial in plan.trials if trial.id not in finished]
        if not self._prepare(left):
            return False
        for number, trial in enumerate(left, len(plan.trials) - len(left) + 1):
            if self.stop.soon:
                return False
            self.emit(TrialStarted(trial, number, len(plan.trials)))
            record = self._record(trial)
            if record is None:
                return False
            self.writer.append(record)
            self._learn(record)
            self.emit(TrialEnded(record, number, len(plan.trials)))
        return True

    def _prepare(self, trials: list[Trial]) -> bool:
        """Nothing is measured while caches are filled, so several works may be at it at once."""
        missing = self.preparation.missing(trials)
        with ThreadPoolExecutor(self.prepare_at_once) as pool:
            told = [f"({number}/{len(missing)})" for number in range(1, len(missing) + 1)]
            return all(list(pool.map(self._prepare_one, missing, told)))

    def _prepare_one(self, trial: Trial, place: str) -> bool:
        """False where it was stopped. The thread lives as long as the child: the child dies with it."""
        if self.stop.soon:
            return False
        self.emit(Notice(f"preparing {trial.case.workload.id} for {trial.case.runtime} {place}"))
        record = self._try(trial, ())
        if record is None:
            return False
        if not isinstance(record.outcome, Ok):
            self._broken[trial.case.work_id] = record
        return True

    def _record(self, trial: Trial) -> Record | None:
        preparation = self._broken.get(trial.case.work_id)
        if preparation is not None:
            return broken(trial, preparation, _now())
        settled = self._settled(trial)
        if isinstance(settled, Unsupported):
            return not_run(trial, settled, _now())
        if (known := tighter.shown(trial, self._ceilings, _now())) is not None:
            return known
        known_files = self.preparation.known(settled)
        record = self._try(self._patient(known_files.trial), known_files.files)
        if record is not None and cold.worth_another(record, known_files, self._cold):
            self.emit(Notice(cold.notice(record)))
            record = cold.again(record, self._try(known_files.trial, known_files.files), self._cold)
        return None if record is None else with_read_files(record, known_files)

    def _settled(self, trial: Trial) -> Trial | Unsupported:
        return pacing.settled(trial, self._records, self.pacing) if trial.role == "paced" else trial

    def _learn(self, record: Record) -> None:
        if self._paces:
            self._records.append(record)
        if record.trial.role == "ceiling":
            self._ceilings.append(record)
        if record.trial.role in UNCAPPED and isinstance(record.outcome, Ok):
            self._uncapped_seconds[record.trial.case.work_id] = _since_imported(record)

    def _patient(self, trial: Trial) -> Trial:
        """A trial that tries a limit waits for a multiple of what the same work took uncapped, and no longer.

        Both are counted from when the libraries are there.
        """
        uncapped = self._uncapped_seconds.get(trial.case.work_id)
        if trial.role not in LIMITED or uncapped is None:
            return trial
        return replace(trial, patience_seconds=max(LEAST_PATIENCE_SECONDS, PATIENCE * uncapped))

    def _try(self, trial: Trial, files: tuple[str, ...]) -> Record | None:
        for _ in range(LAUNCH_TRIES):
            started = _now()
            events: list[ChildEvent] = []
            cost = OwnCost()
            ending = self.executor.execute(trial, files, self._listener(trial, events, cost), self.stop.is_now)
            if ending.cancelled:
                return None
            if ending.launch_error is None:
                break
        record = assemble(trial, events, ending, started, cost.measurements())
        self._refuse_a_broken_cache(record)
        return record

    def _refuse_a_broken_cache(self, record: Record) -> None:
        """Raise MachineError for a trial that failed for want of room in the cache: nothing is said of its work."""
        for finding in record.findings:
            if finding.code == CACHE_FAILED:
                raise store.cache_error(finding.hint, finding.message, resumes=self.writer.path)

    def _listener(self, trial: Trial, events: list[ChildEvent], cost: OwnCost) -> Callable[[ChildEvent], None]:
        def listen(event: ChildEvent) -> None:
            cost.hear(event)
            events.append(event)
            if isinstance(event, StageBegan):
                self.emit(TrialStage(trial, event.stage))

        return listen


def _since_imported(record: Record) -> float:
    return record.wall_seconds - float(record.facts.get(IMPORTED_AFTER, 0.0))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


__all__ = ["Ending", "Engine", "Stop"]
