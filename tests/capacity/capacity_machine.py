"""A machine of which the truth is known: a program needs so much, and so much more for each of a batch."""

from __future__ import annotations

from pathlib import Path

from builders import case, manifest, plan_of
from msgspec.structs import replace

from harness import store
from harness.capacity import drive
from harness.capacity.planning import opening
from harness.engine import Engine
from harness.engine.prepared import PREPARE_WITHIN, Preparation
from harness.model import codec
from harness.model.case import Limits, Trial
from harness.model.events import Ended, Measured, StageBegan, StepDone
from harness.model.measure import Measurement
from harness.model.memory import FRAMEWORK, PARTS
from harness.model.outcome import Failed, Ok
from harness.model.record import Enforced, Usage
from harness.model.search import Search
from harness.model.spec import Ending, Prepared
from harness.model.units import GIB, MIB
from harness.testing import FakeExecutor

BASE, EACH = 100 * MIB, 10 * MIB
THRASHING = 4 * MIB
"""So far below what it needs it still gets by."""


def needs(trial: Trial) -> int:
    return BASE + EACH * int(trial.case.workload.parameters.get("batch", 1))


def truth(trial: Trial):
    """What a child would say, and how it would end, under its limit."""
    if trial.role == "prepare":
        target = Path(trial.settings["prepared_file"])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(codec.encode(Prepared(1, ())))
    limit = trial.limits.memory_bytes
    enforced = (Enforced("memory", limit, limit, "cgroup1"),) if limit is not None else ()
    peak = Usage(peak_bytes=needs(trial))
    if limit is None or limit >= needs(trial):
        return [StageBegan("timed"), *_composition(trial), Ended(Ok(), items=1.0)], Ending(0, None, 1.0, enforced, peak)
    if limit >= needs(trial) - THRASHING:
        steps = [StepDone(0.1, 5000)] * 3
        return [StageBegan("timed"), *steps, Ended(Ok(), items=1.0)], Ending(0, None, 9.0, enforced, peak)
    return [StageBegan("load")], Ending(None, 9, 1.0, enforced, Usage(peak_bytes=limit, oom_kills=1))


def _composition(trial: Trial):
    if trial.role != "composition":
        return []
    sizes = {"composition_activations": needs(trial) - BASE, "composition_weights": BASE // 2}
    found = [Measurement(m, "trial", "measured", (float(sizes.get(m.id, 0)),)) for m in PARTS]
    return [Measured(m) for m in (*found, Measurement(FRAMEWORK, "trial", "measured", (float(BASE // 2),)))]


def cramped(most: int):
    """The same machine with so little memory that preparing more than that is killed."""

    def script(trial: Trial):
        if trial.role == "prepare" and needs(trial) > most:
            limit = trial.limits.memory_bytes
            enforced = (Enforced("memory", limit, limit, "cgroup1"),)
            return [StageBegan("load")], Ending(None, 9, 1.0, enforced, Usage(peak_bytes=limit, oom_kills=1))
        return truth(trial)

    return script


def failing_from(batch: int):
    """The same machine, on which a batch from that size on goes wrong."""

    def script(trial: Trial):
        if trial.role == "ceiling" and int(trial.case.workload.parameters["batch"]) >= batch:
            return [Ended(Failed("IndexError: no such position", "load"))], Ending(0, None, 1.0)
        return truth(trial)

    return script


def search_for(limit: int | None, batch: int = 1, profile: str = "board", **more) -> Search:
    settings = {PREPARE_WITHIN: str(GIB)}
    pattern = Trial(case(profile=profile, batch=batch), "ceiling", limits=Limits(memory_bytes=limit), settings=settings)
    return Search(pattern, GIB, **{"parameters": ("batch",) if limit is not None else (), **more})


def run(search: Search, folder: Path, script=truth, executor: FakeExecutor | None = None, stop=None):
    """The search from its start (or from where it lies in ``folder``) to its end."""
    executor = executor or FakeExecutor(script)
    planned = replace(plan_of(*opening(search)), cases=(search.pattern.case,))
    path = folder / "run"
    if path.exists():
        writer, so_far = store.RunWriter.resume(path)
        records = so_far.records
    else:
        writer, records = store.RunWriter.create(path, replace(manifest(planned), search=search)), ()
    with writer:
        engine = Engine(executor, writer, Preparation(folder / "cache", {}), **({"stop": stop} if stop else {}))
        if engine.run(planned, records):
            drive(engine, path)
    return store.read(path)
