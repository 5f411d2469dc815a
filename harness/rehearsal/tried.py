"""A workload built twice and stepped twice each time, at its quick point or else its first: outputs and memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness import collect, processing, runtimes
from harness.collect import lines
from harness.model.inquiry import Fault
from harness.model.units import show_bytes
from harness.model.workload import ANY, Model, Place, Raw, Workload
from harness.rehearsal.outputs import Flat, difference, flat
from harness.rehearsal.release import SLACK_BYTES, Watch, resident_bytes
from harness.scenarios.single_stream import MarkTaker
from harness.worker.finite import first_not_finite

SEED = 0
EAGER = "torch-eager"


def faults(kind: type[Workload], file: Path, cache: Path) -> list[Fault]:
    """The first thing that is wrong with its work, and all that is wrong with its memory."""
    point = dict(kind.quick) if kind.quick is not None else collect.points(kind)[0]
    found = _Trial(kind, point, file, cache)
    try:
        return found.run()
    except _Wrong as wrong:
        return [wrong.fault]


class _Wrong(Exception):  # noqa: N818 - it names what happened
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class _Trial:
    def __init__(self, kind: type[Workload], point: dict[str, Any], file: Path, cache: Path) -> None:
        self._kind, self._point, self._file = kind, point, file
        self._place = Place("cpu", kind.dtypes[0], SEED, cache)
        self._runtime = runtimes.get(_runtime_of(kind))
        self._watch: Watch | None = None
        self._raw: Raw | None = None
        self._weights = 0

    def run(self) -> list[Fault]:
        reason = self._runtime.unavailable("cpu", self._place.dtype)
        if reason is not None:
            raise self._wrong("name", f"cannot be tried here: {reason}")
        first = self._round()
        held, before = self._watch.held() if self._watch else None, resident_bytes()
        second = self._round()
        if (how := difference(first, second)) is not None:
            hint = "seed what build draws, with place.seed or a number of its own"
            raise self._wrong("build", f"a second build gives another output: {how}", hint)
        return self._memory(held, resident_bytes() - before)

    def _round(self) -> Flat:
        """Build, step twice, and let go of everything but the output."""
        with TemporaryDirectory(prefix="tierbench-rehearsal-") as artefacts:
            loaded = self._do("build", lambda: self._runtime.load(self._build, self._place, Path(artefacts)))
        self._weights = loaded.weight_bytes or 0
        workload = self._kind()
        first, second = (self._do("step", lambda: self._step(workload, loaded)) for _ in range(2))
        if not self._kind.learns and (how := difference(first, second)) is not None:
            hint = "leave inputs and states as they were: copy what the step changes; or say learns = True"
            raise self._wrong("step", f"a second step gives another output: {how}", hint)
        kept: Flat = first
        return kept

    def _build(self) -> Model:
        model = self._kind().build(self._place, **self._point)
        if not isinstance(model, Model):
            raise self._wrong("build", f"build returns {type(model).__name__}", "return harness.Model(module, inputs)")
        self._watch, self._raw = Watch(model.module), model.raw
        return model

    def _step(self, workload: Workload, loaded: runtimes.Loaded) -> Flat:
        call, given = processing.handed(loaded.call, loaded.inputs, self._raw)
        output = workload.step(call, given, MarkTaker())
        if (where := first_not_finite(output)) is not None:
            raise self._wrong("step", f"a number is not finite at {where}", "scale inputs and weights")
        return flat(output)

    def _do(self, what: str, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except _Wrong:
            raise
        except Exception as error:
            spot = lines.of_error(error, self._file.parent) or lines.of_name(self._kind, what, self._file)
            said = " ".join(str(error).split())[:300]
            message = f"{self._kind.__name__}: {what} raises {type(error).__name__}: {said}"
            raise _Wrong(Fault(*spot, message)) from None

    def _memory(self, held: str | None, grown: int) -> list[Fault]:
        found = []
        if held is not None:
            hint = "hold it nowhere but in the Model: in no global and no cache"
            found.append(self._wrong("build", f"its {held} is still there once nothing needs it", hint).fault)
        elif grown > SLACK_BYTES + self._weights / 4:
            hint = "hold what build makes nowhere but in the Model"
            found.append(self._wrong("build", f"each build leaves {show_bytes(grown)} behind", hint).fault)
        return found

    def _wrong(self, subject: str, message: str, hint: str = "") -> _Wrong:
        spot = lines.of_name(self._kind, subject, self._file)
        return _Wrong(Fault(*spot, f"{self._kind.__name__}: {message}", hint))


def _runtime_of(kind: type[Workload]) -> str:
    """The first that runs what ``build`` makes as it is; PyTorch's for one that names converting runtimes only."""
    named = [name for name in kind.runtimes if name != ANY]
    return next((name for name in named if runtimes.get(name).builds_in_trial), EAGER)
