"""One trial from import to end."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from harness import collect, runtimes
from harness.garbage import seldom_collecting
from harness.host import cpu
from harness.model.case import Limits, Role, Trial
from harness.model.events import Capped, Ended, Said
from harness.model.measure import CONVERSION, IMPORT_TIME, LOAD_TIME, WEIGHTS, Measurement
from harness.model.outcome import Ok
from harness.model.record import Enforced
from harness.model.spec import ChildSpec
from harness.model.workload import Place, Workload
from harness.runtimes import Conversion, Runtime
from harness.worker import imports, roles
from harness.worker.channel import Channel
from harness.worker.model_index import ModelIndex
from harness.worker.stages import Stages
from harness.worker.subject import Subject, load

if TYPE_CHECKING:
    from harness.worker.torch_gpu import SharedGpu


HELPED: frozenset[Role] = frozenset({"composition", "features"})
"""Passes that explain a figure and are none: Python looks for garbage seldom while they import. All others are left as
the user's program would be.
"""


def run(spec: ChildSpec, channel: Channel) -> None:
    """Run the trial and send its events, the last of them ``Ended``."""
    trial = spec.trial
    runtime = runtimes.get(trial.case.runtime)
    if trial.role == "prepare":
        from harness.worker import prepare, tracing

        opened = tracing.begin()
        workload = _find(trial)
        with seldom_collecting():
            imports.load(workload.requires, ModelIndex(Path(spec.cache), writes=True))
        prepare.run(spec, runtime, workload, _place(spec), opened)
        channel.send(Ended(Ok()))
        return
    role = roles.of(trial.role)
    stages = Stages(spec, channel)
    gpu = _gpu(trial.limits)
    gc.collect()  # of tierbench's own objects alone: what the user's program makes is counted from 0, as by itself
    workload = _imported(stages, spec, runtime)
    for enforced in _limited(trial.limits, gpu):
        channel.send(Capped(enforced))
    subject: Subject = stages.run("load", lambda: load(spec, runtime, workload, _place(spec)), LOAD_TIME)
    _introduce(subject, channel)
    outcome = role(subject, stages, channel) or Ok()
    channel.send(Ended(outcome, items=subject.items))


def _find(trial: Trial) -> Workload:
    ref = trial.case.workload
    if ref.own is not None and ref.own.kind != "workload":
        from harness import adopted

        return adopted.Adopted(ref.own)
    return collect.workload(ref)


def _imported(stages: Stages, spec: ChildSpec, runtime: Runtime) -> Workload:
    """The workload, with what it needs. How long that takes is asked of timing trials alone, which get no help."""
    role = spec.trial.role
    index = None if role == "timing" else ModelIndex(Path(spec.cache))
    with seldom_collecting() if role in HELPED else nullcontext():
        metric = IMPORT_TIME if role == "timing" else None
        found: Workload = stages.run("import", lambda: _import(spec.trial, runtime, index), metric)
        return found


def _import(trial: Trial, runtime: Runtime, index: ModelIndex | None = None) -> Workload:
    workload = _find(trial)
    imports.load((*runtime.imports, *(workload.requires if runtime.builds_in_trial else ())), index)
    return workload


def _gpu(limits: Limits) -> SharedGpu | None:
    """The GPU that is to be limited, looked at before a library takes of its memory."""
    if limits.gpu_memory_bytes is None:
        return None
    from harness.worker.torch_gpu import TorchGpu

    return TorchGpu()


def _limited(limits: Limits, gpu: SharedGpu | None) -> Iterable[Enforced]:
    """The limits of a GPU, set now that the libraries are loaded."""
    if gpu is None:
        return ()
    from harness.worker import gpu_limits

    return gpu_limits.apply(limits, gpu)


def _place(spec: ChildSpec) -> Place:
    device = "cuda" if spec.trial.case.device == "gpu" else "cpu"
    return Place(device, spec.trial.case.dtype, spec.trial.seed, Path(spec.cache))


def _introduce(subject: Subject, channel: Channel) -> None:
    facts = {"affinity": ",".join(map(str, sorted(cpu.usable()))), "threads": _threads()}
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
