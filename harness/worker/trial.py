"""One trial from import to end: its stages, and what is measured in each."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from harness import adopted, collect, meters, runtimes
from harness.meters.allocator import Allocator
from harness.meters.memory import ProcessMemory, Residency, TreeMemory, major_faults
from harness.model.case import Role, Trial
from harness.model.events import Capped, Ended, Found, Said, StepDone
from harness.model.measure import CONVERSION, IMPORT_TIME, LOAD_TIME, WEIGHTS, Measurement, Metric, Stage
from harness.model.outcome import Ok, Outcome
from harness.model.spec import ChildSpec
from harness.model.workload import Place, Workload
from harness.runtimes import Conversion, Runtime
from harness.scenarios.single_stream import MarkTaker
from harness.worker import composition, energy, features, gpu_limits, matmul, paced, payload, prepare, timing
from harness.worker.channel import Channel
from harness.worker.subject import Subject, load
from harness.worker.torch_gpu import TorchGpu

LAYERED = frozenset({"need", "gate"})
"""Roles whose stages end with a look at every page of the process, which would disturb a time."""


class _Bracket(Protocol):
    def begin(self) -> None: ...

    def end(self, stage: Stage) -> tuple[Measurement, ...]: ...


class Stages:
    """Brackets each stage with the memory meters and says what they saw."""

    def __init__(self, spec: ChildSpec, channel: Channel) -> None:
        self._channel = channel
        role, device = spec.trial.role, spec.trial.case.device
        plugins = [] if role == "energy" else self._usable(meters.for_role(role, device))
        layers = (Residency(spec.tree), Allocator()) if role in LAYERED else ()
        self._meters: tuple[_Bracket, ...] = (*plugins, ProcessMemory(), TreeMemory(spec.tree), *layers)
        self.seen: list[Measurement] = []

    def _usable(self, found: Sequence[meters.Meter]) -> list[meters.Meter]:
        """Those that can be used here; of the others, that their figures are missing, and why."""
        reasons = {meter.id: meter.available() for meter in found}
        for meter in found:
            if (reason := reasons[meter.id]) is not None:
                self._channel.measured(*(Measurement(m, "trial", "measured", missing=reason) for m in meter.metrics))
        return [meter for meter in found if reasons[meter.id] is None]

    def run(self, stage: Stage, work: Callable[[], Any], metric: Metric | None = None) -> Any:
        """Do ``work`` as ``stage``; ``metric`` is the time it takes."""
        gc.collect()
        self._channel.begin(stage)
        for meter in self._meters:
            meter.begin()
        start = time.perf_counter_ns()
        result = work()
        seconds = (time.perf_counter_ns() - start) / 1e9
        for meter in self._meters:
            found = meter.end(stage)
            self.seen += found
            self._channel.measured(*found)
            for finding in getattr(meter, "findings", tuple)():
                self._channel.send(Found(finding))
        if metric is not None:
            self._channel.measured(Measurement(metric, stage, "measured", (seconds,)))
        return result


def run(spec: ChildSpec, channel: Channel) -> None:
    """Run the trial and send its events, the last of them ``Ended``."""
    trial = spec.trial
    runtime = runtimes.get(trial.case.runtime)
    if trial.role == "prepare":
        prepare.run(spec, runtime, _find(trial), _place(spec))
        channel.send(Ended(Ok()))
        return
    stages = Stages(spec, channel)
    gpu = TorchGpu() if trial.limits.gpu_memory_bytes is not None else None
    workload = stages.run("import", lambda: _import(trial, runtime), IMPORT_TIME)
    for enforced in gpu_limits.apply(trial.limits, gpu) if gpu else ():
        channel.send(Capped(enforced))
    gc.freeze()  # a library's objects stay: to look through them before every stage costs about 60 ms each time
    subject: Subject = stages.run("load", lambda: load(spec, runtime, workload, _place(spec)), LOAD_TIME)
    _introduce(subject, channel)
    outcome = _ROLES[trial.role](subject, stages, channel) or Ok()
    channel.send(Ended(outcome, items=subject.items))


def _find(trial: Trial) -> Workload:
    ref = trial.case.workload
    if ref.own is not None and ref.own.kind != "workload":
        return adopted.Adopted(ref.own)
    return collect.workload(ref)


def _import(trial: Trial, runtime: Runtime) -> Workload:
    workload = _find(trial)
    for name in (*runtime.imports, *(workload.requires if runtime.builds_in_trial else ())):
        import_module(name)
    return workload


def _place(spec: ChildSpec) -> Place:
    device = "cuda" if spec.trial.case.device == "gpu" else "cpu"
    return Place(device, spec.trial.case.dtype, spec.trial.seed, Path(spec.cache))


def _introduce(subject: Subject, channel: Channel) -> None:
    facts = {"affinity": ",".join(map(str, sorted(os.sched_getaffinity(0)))), "threads": _threads()}
    channel.send(Said({k: str(v) for k, v in {**facts, **subject.loaded.facts}.items()}))
    channel.measured(*_converted(subject.loaded.conversion))
    weights = subject.loaded.weight_bytes
    reason = None if weights is not None else "the runtime does not say how large the weights are"
    channel.measured(Measurement(WEIGHTS, "load", "measured", () if weights is None else (float(weights),), reason))


def _converted(conversion: Conversion | None) -> tuple[Measurement, ...]:
    if conversion is None:
        return ()
    figures = (conversion.seconds, float(conversion.file_bytes))
    return tuple(Measurement(m, "trial", "measured", (v,)) for m, v in zip(CONVERSION, figures, strict=True))


def _threads() -> str:
    return os.environ.get("OMP_NUM_THREADS", "not set")


def _memory(subject: Subject, stages: Stages, channel: Channel) -> None:
    """Load is done: a first step, then a few more, each with its time and its page faults from disk."""
    step = subject.stepper(MarkTaker())
    sizes = stages.run("warm-up", lambda: payload.measurements(subject.given, _counted(step, channel)))
    if subject.trial.role == "need":
        channel.measured(*sizes)

    def several() -> None:
        for _ in range(subject.trial.pace.steps):
            _counted(step, channel)

    stages.run("timed", several)


def _counted(step: Callable[[], Any], channel: Channel) -> Any:
    faults, start = major_faults(), time.perf_counter_ns()
    output = step()
    seconds = (time.perf_counter_ns() - start) / 1e9
    channel.send(StepDone(seconds, major_faults() - faults))
    return output


def _composition(subject: Subject, stages: Stages, channel: Channel) -> None:
    """The memory role's steps once more, every tensor followed. What cannot be followed is no failure of the work."""
    device = subject.trial.case.device
    try:
        with composition.account_for(device) as account:
            account.begin_steps(subject.loaded.call, subject.loaded.inputs)
            _memory(subject, stages, channel)
            peak = account.peak()
    except Exception as error:
        finding, missing = composition.not_followed(error)
        channel.send(Found(finding))
        channel.measured(*missing)
        return
    channel.measured(*composition.measurements(peak, stages.seen, device))


def _timed(subject: Subject, stages: Stages, channel: Channel) -> float:
    opaque = subject.workload.opaque
    return timing.run(subject.stepper, subject.trial, channel, stages.run, subject.batches, opaque)


def _features(subject: Subject, stages: Stages, channel: Channel) -> None:
    """The timing role's steps, then the same step once more with its operators counted."""
    seconds = _timed(subject, stages, channel)
    channel.measured(matmul.measurement())
    if subject.raw is not None:
        channel.send(Found(features.not_counted(features.MORE_THAN_THE_MODEL)))
        return
    case, loaded, workload = subject.trial.case, subject.loaded, subject.workload

    def step(call: Callable[..., Any]) -> Any:
        return workload.step(call, loaded.inputs, MarkTaker())

    features.run(case.runtime, loaded, step, seconds, subject.trial.pace.budget_seconds, channel)


def _timing(subject: Subject, stages: Stages, channel: Channel) -> None:
    _timed(subject, stages, channel)


def _energy(subject: Subject, stages: Stages, channel: Channel) -> None:
    step = subject.stepper(MarkTaker())
    stages.run("warm-up", step)
    energy.run(step, subject.trial, channel, subject.items)


def _paced(subject: Subject, stages: Stages, channel: Channel) -> Outcome:
    return paced.run(subject.stepper(MarkTaker()), subject.trial.pace, channel, stages.run)


_ROLES: dict[Role, Callable[[Subject, Stages, Channel], Outcome | None]] = {
    "need": _memory,
    "gate": _memory,
    "ceiling": _memory,
    "fit": _memory,
    "composition": _composition,
    "features": _features,
    "timing": _timing,
    "energy": _energy,
    "paced": _paced,
}
