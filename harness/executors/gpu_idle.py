"""After a GPU trial, and a killed one above all, the device gets its memory back before the next trial begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from harness.host.gpu import tenants
from harness.model.case import HOST, Trial
from harness.model.measure import Finding
from harness.model.spec import Ending
from harness.model.units import MIB, show_bytes

PATIENCE_SECONDS = 20.0
POLL_SECONDS = 0.1
SLACK_BYTES = 32 * MIB
"""What a driver may keep of a process that is gone."""


def used_bytes(index: int) -> int | None:
    """Memory in use on that GPU by NVML, None where it does not say."""
    return next((t.used_bytes for t in tenants() if t.index == index), None)


@dataclass(frozen=True)
class GpuIdle:
    """Knows what is in use before a trial and waits until it is so again. The calls can be replaced by a replay."""

    used: Callable[[int], int | None] = used_bytes
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def baseline(self, trial: Trial) -> int | None:
        """Bytes in use on the trial's GPU now; None for a trial that has none, and where NVML does not say."""
        return self.used(gpu_index(trial)) if trial.case.device == "gpu" else None

    def settled(self, trial: Trial, baseline: int | None, ending: Ending) -> Ending:
        """``ending``, once the GPU is back at ``baseline`` or patience is at an end, which it then says."""
        if baseline is None or ending.cancelled:
            return ending
        deadline = self.now() + PATIENCE_SECONDS
        while (left := self._above(trial, baseline)) > 0 and self.now() < deadline:
            self.sleep(POLL_SECONDS)
        return replace(ending, findings=(*ending.findings, _not_back(left))) if left > 0 else ending

    def _above(self, trial: Trial, baseline: int) -> int:
        used = self.used(gpu_index(trial))
        return 0 if used is None else max(0, used - baseline - SLACK_BYTES)


def gpu_index(trial: Trial) -> int:
    """The one GPU that a trial sees, counted in the order of the bus, like NVML.

    Of targets ``gpu0``, ``gpu1`` ... of this host each its own; the first where there is one, and for a board's.
    """
    number = trial.case.target.removeprefix("gpu")
    return int(number) if number.isdigit() and trial.case.profile == HOST else 0


def _not_back(left: int) -> Finding:
    text = f"{PATIENCE_SECONDS:g} s after this trial its GPU still held {show_bytes(left)} more than before"
    return Finding("warning", "gpu-not-idle", text, "see `nvidia-smi` for what holds it; later trials start from there")
