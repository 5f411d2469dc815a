"""Runs what follows from the records: each trial like any other, written before the next is chosen."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from harness import store
from harness.capacity.tries import next_trial
from harness.capacity.variants import due
from harness.engine import Engine
from harness.model.case import Trial
from harness.model.record import Run


def pending(run: Run) -> tuple[Trial, ...]:
    """What a run lacks beyond its plan: the next try of its search, or variants where something did not fit."""
    if run.manifest.search is None:
        return due(run)
    trial = next_trial(run.manifest.search, run.records)
    return () if trial is None else (trial,)


def drive(engine: Engine, path: Path) -> bool:
    """Go on with the run at ``path``, whose plan has been run, until nothing is pending; False where it was stopped.

    Raises UserError and MachineError as the store does.
    """
    run = store.read(path)
    while trials := pending(run):
        done = tuple(record.trial for record in run.records)
        if not engine.run(replace(run.manifest.plan, trials=(*done, *trials)), run.records):
            return False
        run = store.read(path)
    return True
