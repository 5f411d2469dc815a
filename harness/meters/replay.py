"""Replays a trace through the real code of the meters: only file reads, NVML calls, commands and time are replaced."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

from harness.meters.counter import Clock, CounterError
from harness.meters.nvml_device import NvmlError
from harness.meters.power import PowerTrace, ReadPower
from harness.meters.trace import Refused, Trace, Value

NVML = "nvml:"
COMMAND = "command:"


class Replay:
    """A machine as a trace saw it. Its time (s) passes only when somebody waits, and a little with each look."""

    def __init__(self, trace: Trace, tree: Path) -> None:
        """``tree`` is an empty folder in which the trace's files appear, for meters that look for them by name."""
        self._head, self.tree = trace.head, tree
        self._times: dict[str, list[int]] = {name: [] for name in trace.head.sources}
        self._values: dict[str, list[Value]] = {name: [] for name in trace.head.sources}
        for entry in trace.entries:
            name = trace.head.sources[entry.source]
            self._times[name].append(entry.time_ns)
            self._values[name].append(entry.value)
        self.seconds = trace.entries[0].time_ns / 1e9 if trace.entries else 0.0
        self._plant()

    def clock(self) -> Clock:
        """The trace's time, as the meters take it."""
        return Clock(self._now, self.sleep)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds

    def root(self, path: str) -> Path:
        """Where a folder of the machine is in the replay."""
        return self.tree / path.lstrip("/")

    def read(self, path: Path) -> str:
        """A file's text as it is now. Raises OSError where the trace has no such file, or the reading had failed."""
        name = "/" + str(path.relative_to(self.tree))
        if name in self._head.fixed:
            return self._head.fixed[name]
        value = self._latest(name)
        if value is None:
            raise FileNotFoundError(2, "not in the trace", name)
        if isinstance(value, Refused):
            raise OSError(5, value.error, name)
        return str(value)

    def command(self, name: str) -> Callable[[], str]:
        """What a command would have printed. Calling it raises CounterError where it had failed."""

        def run() -> str:
            value = self._latest(COMMAND + name)
            if value is None or isinstance(value, Refused):
                raise CounterError(value.error if isinstance(value, Refused) else f"no {name} in the trace")
            return str(value)

        return run

    def nvml(self) -> ReplayedDevice:
        """The GPU that the trace saw. Raises NvmlError where it saw none."""
        if not any(name.startswith(NVML) for name in self._head.sources):
            raise NvmlError("no NVIDIA driver in the trace")
        return ReplayedDevice(self._call)

    def sampler(self, read: ReadPower) -> ReplaySampler:
        """In place of the thread that polls power."""
        return ReplaySampler(read, self)

    def moments(self, began: float, ended: float) -> list[float]:
        """Times in seconds from ``began`` to ``ended`` at which anything was read."""
        found = sorted({time for times in self._times.values() for time in times})
        return [t / 1e9 for t in found if began <= t / 1e9 <= ended]

    def _now(self) -> float:
        self.seconds += 1e-6
        return self.seconds

    def _latest(self, name: str) -> Value | None:
        times = self._times.get(name, [])
        index = bisect_right(times, round(self.seconds * 1e9))
        return self._values[name][index - 1] if index else None

    def _call(self, name: str) -> Value:
        value = self._latest(NVML + name)
        if value is None or isinstance(value, Refused):
            raise NvmlError(value.error if isinstance(value, Refused) else f"{name}: not in the trace")
        return value

    def _plant(self) -> None:
        for name in (*self._head.fixed, *self._head.sources):
            if name.startswith("/"):
                path = self.root(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()


class ReplayedDevice:
    """The NVML calls on one GPU, answered from a trace. All raise NvmlError."""

    def __init__(self, call: Callable[[str], Value]) -> None:
        self._call = call

    def energy_millijoules(self) -> int:
        """The total-energy counter."""
        return int(_number(self._call("energy_millijoules")))

    def power_watts(self) -> tuple[str, float]:
        """The name of the field that was read, and the power."""
        value = self._call("power_watts")
        if not isinstance(value, tuple):
            raise NvmlError("power_watts: the trace has no field and figure")
        return value

    def mig(self) -> bool:
        """Whether the GPU is split into MIG instances; a trace that does not say was made without."""
        try:
            return bool(self._call("mig"))
        except NvmlError:
            return False

    def compute_capability(self) -> tuple[int, int]:
        """CUDA's number for its architecture, which a trace has as text: ``9.0``."""
        major, _, minor = str(self._call("compute_capability")).partition(".")
        return int(major), int(minor or 0)


class ReplaySampler:
    """Reads at the trace's own times, so that a gap in it is one in the readings."""

    def __init__(self, read: ReadPower, replay: Replay) -> None:
        self._read, self._replay, self._began = read, replay, 0.0

    def start(self) -> None:
        """Begin to read."""
        self._began = self._replay.seconds

    def stop(self) -> PowerTrace:
        """All readings since ``start``, up to the first that failed."""
        ended, field, points = self._replay.seconds, "power", []
        try:
            for moment in self._replay.moments(self._began, ended):
                self._replay.seconds = moment
                field, watts = self._read()
                points.append((moment, watts))
        except CounterError as error:
            return PowerTrace(field, tuple(points), str(error))
        finally:
            self._replay.seconds = ended
        return PowerTrace(field, tuple(points))


def _number(value: Value) -> float:
    if isinstance(value, int | float):
        return value
    raise NvmlError(f"the trace has {value!r} where a number is due")
