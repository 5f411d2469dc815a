"""What a trial works on, once it is loaded: the workload, the model as a callable, and what a step is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness import processing
from harness.model.case import Trial
from harness.model.spec import ChildSpec
from harness.model.workload import Model, Place, Raw, Workload
from harness.runtimes import Loaded, Runtime, build_dtype
from harness.scenarios.single_stream import MarkTaker
from harness.worker.batches import PARAMETER, Batches


@dataclass(frozen=True)
class Subject:
    """A trial's workload, loaded. ``raw`` is what its step prepares itself; None where it takes the model's inputs."""

    trial: Trial
    workload: Workload
    loaded: Loaded
    batches: Batches
    """Steps of other batches."""
    raw: Raw | None = None

    @property
    def given(self) -> tuple[Any, ...]:
        """What a step is handed."""
        return processing.handed(self.loaded.call, self.loaded.inputs, self.raw)[1]

    def stepper(self, marks: MarkTaker) -> Callable[[], Any]:
        """One step, the device's work included."""
        call, given = processing.handed(self.loaded.call, self.loaded.inputs, self.raw)
        own = type(self.workload).step is not Workload.step  # else it would be one call more around the work
        step = partial(self.workload.step, call, given, marks) if own else partial(call, *given)
        wait = self.loaded.synchronise
        if wait is None:
            return step

        def synchronised() -> Any:
            output = step()
            wait()
            return output

        return synchronised

    @property
    def items(self) -> float:
        """What one step processes."""
        return self.workload.items(**self.trial.case.workload.parameters)


@dataclass(frozen=True)
class Build:
    """Builds the workload's model, and keeps what raw input came with it: None before the first time."""

    workload: Workload
    place: Place
    parameters: dict[str, Any]
    raw: list[Raw | None] = field(default_factory=list)

    def __call__(self) -> Model:
        """The model, built anew."""
        model = self.workload.build(self.place, **self.parameters)
        self.raw[:] = [model.raw]
        return model


def load(spec: ChildSpec, runtime: Runtime, workload: Workload, place: Place) -> Subject:
    """Make the callable. Raw input is that of the model built now; of one that is only read, what ``prepare`` kept."""
    return _loaded(spec, runtime, _build(spec, runtime, workload, place))


def prepare(spec: ChildSpec, runtime: Runtime, workload: Workload, place: Place) -> None:
    """Fill caches and convert, and keep raw input for trials that do not build."""
    artefacts = Path(spec.artefacts)
    build = _build(spec, runtime, workload, place)
    runtime.prepare(build, place, artefacts)
    processing.store(build.raw[0] if build.raw else None, artefacts)


def _build(spec: ChildSpec, runtime: Runtime, workload: Workload, place: Place) -> Build:
    """What builds the trial's model: in its data type, or in the one that the runtime makes that of."""
    where = replace(place, dtype=build_dtype(runtime, place.dtype))
    return Build(workload, where, spec.trial.case.workload.parameters)


def _loaded(spec: ChildSpec, runtime: Runtime, build: Build) -> Subject:
    artefacts = Path(spec.artefacts)
    place = replace(build.place, dtype=spec.trial.case.dtype)
    loaded = runtime.load(build, place, artefacts)
    raw = build.raw[0] if build.raw else processing.stored(artefacts)
    return Subject(spec.trial, build.workload, loaded, _batches(spec, runtime, build), raw)


def _batches(spec: ChildSpec, runtime: Runtime, build: Build) -> Batches:
    def step_of(batch: int) -> Callable[[], Any]:
        other = Build(build.workload, build.place, {**build.parameters, PARAMETER: batch})
        return _loaded(spec, runtime, other).stepper(MarkTaker())

    why_not = "" if runtime.builds_in_trial else f"{runtime.id} was converted for its own batch alone"
    return Batches(spec.trial.case.workload, step_of, why_not)
