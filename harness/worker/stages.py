"""The stages of a trial, each bracketed by the memory meters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from harness import meters
from harness.meters.allocator import Allocator
from harness.meters.memory import ProcessMemory, Residency, TreeMemory
from harness.model.events import Found
from harness.model.measure import Measurement, Metric, Stage
from harness.model.spec import ChildSpec
from harness.worker.channel import Channel

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
        """Do ``work`` as ``stage``; ``metric`` is the time it takes.

        Garbage that the stage before left is there as it would be without tierbench: nothing is collected.
        """
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
