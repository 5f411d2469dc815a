"""Steps of another batch than the trial's own: the workload built once more, in the same process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.host.files import HERE, Files
from harness.host.memory import group_limit, meminfo
from harness.host.processes import own_bytes
from harness.model.case import WorkloadRef
from harness.model.units import show_bytes

PARAMETER = "batch"


@dataclass(frozen=True)
class Batches:
    """Makes steps by batch. ``build`` builds and loads the workload at a batch and gives its step."""

    workload: WorkloadRef
    build: Callable[[int], Callable[[], Any]]
    why_not: str = ""
    """Why no other batch can be built; empty where it can."""
    files: Files = HERE

    def step_at(self, batch: int) -> Callable[[], Any] | str:
        """A step of so many samples that has been stepped once, or why there is none."""
        reason = self.why_not or self._no_parameter() or self._no_room()
        if reason:
            return reason
        try:
            step = self.build(batch)
            step()
        except (MemoryError, RuntimeError, ValueError, TypeError) as error:
            said = str(error).strip().splitlines() or [""]
            return f"{type(error).__name__}: {said[0]}"
        return step

    def _no_parameter(self) -> str:
        has = PARAMETER in self.workload.parameters
        return "" if has else f"{self.workload.name} has no parameter {PARAMETER!r}"

    def _no_room(self) -> str:
        """A batch twice as large takes at most twice the memory: refused where that may be more than there is."""
        peak, resident, free = peak_bytes(self.files), self._status("VmRSS"), self._free()
        if peak is None or resident is None or free is None or 2 * peak - resident <= free:
            return ""
        return f"it could need {show_bytes(2 * peak - resident)} more, and {show_bytes(free)} are free"

    def _free(self) -> int | None:
        free, limit = meminfo(self.files, "MemAvailable"), group_limit(self.files)
        return min(free, limit) if free is not None and limit is not None else free

    def _status(self, field: str) -> int | None:
        return own_bytes(field, self.files)


def peak_bytes(files: Files = HERE) -> int | None:
    """The high-water mark of this process."""
    return own_bytes("VmHWM", files)
