"""Energy of the CPU packages by RAPL, as Linux shows it under ``/sys/class/powercap``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.host.files import below, sensor_text
from harness.meters.counter import Clock, CounterError, CounterWindow, Reading, Unwrapped, family, measurements
from harness.model.measure import Measurement, Stage

POWERCAP = Path("/sys/class/powercap")
MOST_WATTS = 1000.0
"""No package draws more: with it, the range of the counter says how long a window can be without a second wrap."""
POLL_SECONDS = 0.0002
RANGE = "max_energy_range_uj"

METRICS = family("package", "package", "RAPL energy_uj of all CPU packages", "61 µJ or finer, every millisecond")

Read = Callable[[Path], str]


def packages(root: Path = POWERCAP, read: Read = sensor_text) -> list[Path]:
    """The zones that stand for a whole CPU package, in their order; no core, uncore, memory or platform zones."""
    zones = sorted(below(root, "intel-rapl:*"), key=lambda zone: (len(zone.name), zone.name))
    return [z for z in zones if z.name.count(":") == 1 and read(z / "name").strip().startswith("package")]


class Rapl:
    """The energy of all packages together: other programs on this machine included.

    Beside the work of a GPU it is the energy of the processors that feed it.
    """

    id = "rapl"
    roles = frozenset({"energy"})
    devices = frozenset({"cpu", "gpu"})
    metrics = METRICS

    def __init__(self, root: Path = POWERCAP, read: Read = sensor_text, clock: Clock | None = None) -> None:
        self._root, self._read = root, read
        self._clock = clock or Clock()
        self._window: CounterWindow | None = None

    def available(self) -> str | None:
        """Why RAPL cannot be read here, and what would allow it."""
        if not self._root.is_dir():
            return f"no {self._root}: this kernel or virtual machine shows no RAPL counters"
        try:
            zones = packages(self._root, self._read)
            for zone in zones:
                self._read(zone / "energy_uj")
        except PermissionError:
            files = self._root / "intel-rapl:*/energy_uj"
            return f"RAPL counters are readable by root only (allow it with: sudo chmod a+r {files})"
        except OSError as error:
            return f"RAPL counters cannot be read: {error.strerror or error}"
        for zone in zones:
            try:
                int(self._read(zone / RANGE))
            except (OSError, ValueError):
                return f"{zone / RANGE} cannot be read: where the counter wraps is not known"
        return None if zones else f"no CPU package among the zones of {self._root}"

    def begin(self) -> None:
        """Begin the window on a step of the counter."""
        self._window = None
        try:
            zones = packages(self._root, self._read)
            ranges = [int(self._read(zone / RANGE)) for zone in zones]
        except (OSError, ValueError):
            return
        if not zones:
            return
        counts = Unwrapped(lambda: self._counts(zones), ranges)
        longest = min(ranges) * 1e-6 / MOST_WATTS
        most = MOST_WATTS * len(zones)
        self._window = CounterWindow(counts, 1e-6, POLL_SECONDS, self._clock, longest, most)
        self._window.begin()

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """Energy, power, idle power and the counter's step; missing with the reason where there is none."""
        if self._window is None:
            reason = self.available() or "the window was never begun"
            return measurements(Reading(None, 0.0, missing=reason), stage, METRICS)
        return measurements(self._window.end(), stage, METRICS)

    def _counts(self, zones: list[Path]) -> list[int]:
        try:
            return [int(self._read(zone / "energy_uj")) for zone in zones]
        except (OSError, ValueError) as error:
            raise CounterError(f"RAPL could not be read: {error}") from None
