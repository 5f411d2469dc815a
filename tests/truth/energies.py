"""Known energy through a replayed sensor: the real meters over traces made by hand, whose truth is a closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.meters import Meter
from harness.meters.ina3221 import Ina3221
from harness.meters.nvml import Nvml
from harness.meters.rapl import Rapl
from harness.meters.replay import Replay
from harness.meters.trace import Refused, Trace, Value
from tests.meters import hand_made
from tests.meters.hand_made import GPU, MODULE, PACKAGE, READING, SPAN, START, STEP, Power, counted, trace_of

WINDOW = 6.0
COARSE = 0.1
"""The longest step that NVML's counter is known to have, in seconds."""
WAITS = (0.0, 0.013, 0.4, 1.207)
"""How long after the beginning of a trace the meter begins: the window falls differently onto steps and jumps."""
BOTH_PACKAGES = Power(tuple((t, 2 * watts) for t, watts in PACKAGE.jumps))


@dataclass(frozen=True)
class Replayed:
    """A sensor, the meter that reads it, and its true power. ``step`` is how far apart its figures are, in seconds."""

    name: str
    trace: Callable[[], Trace]
    meter: Callable[[Replay], Meter]
    prefix: str
    power: Power
    step: float
    lacks: str = ""
    """Words of the reason, where there must be no figure."""


@dataclass(frozen=True)
class Energy:
    """What was claimed of a window, against its truth, in joules. ``claimed`` None is missing, with the reason."""

    replayed: Replayed
    true: float
    claimed: float | None
    missing: str

    @property
    def one_step(self) -> float:
        """What the sensor's step is at most: as far as a claim may be off."""
        return self.replayed.power.most * self.replayed.step

    @property
    def met(self) -> bool:
        """Right within one step; or, where there can be no figure, missing with the reason."""
        if self.claimed is None or self.replayed.lacks:
            return self.claimed is None and self.replayed.lacks in self.missing and bool(self.replayed.lacks)
        return abs(self.claimed - self.true) <= self.one_step


def gpu(machine: Replay) -> Meter:
    return Nvml(machine.nvml, machine.clock(), machine.sampler)


def rapl(machine: Replay) -> Meter:
    return Rapl(machine.root("/sys/class/powercap"), machine.read, machine.clock())


def ina3221(machine: Replay) -> Meter:
    return Ina3221(machine.root("/sys/class/hwmon"), machine.read, machine.clock(), machine.sampler)


def _gpu(about: str, energy: Callable[[float], Value], power: Callable[[float], Value] | None = None) -> Trace:
    readings = power or (lambda t: ("POWER_INSTANT", GPU.at(t)))
    return trace_of(about, {"nvml:energy_millijoules": (STEP, energy), "nvml:power_watts": (READING, readings)})


def _failing(value: Callable[[float], Value], begin: float = 3.0, end: float = 5.0) -> Callable[[float], Value]:
    return lambda t: Refused("GPU is lost") if begin < t < end else value(t)


def _shown(t: float) -> int:
    return counted(GPU, 1e-3, t)


def coarse() -> Trace:
    return _gpu("a counter that moves every 100 ms", lambda t: counted(GPU, 1e-3, t, COARSE))


def failing() -> Trace:
    power = _failing(lambda t: ("POWER_INSTANT", GPU.at(t)))
    return _gpu("neither counter nor power can be read from 3 to 5 s", _failing(_shown), power)


def power_failing() -> Trace:
    power = _failing(lambda t: ("PowerUsage", GPU.at(t)))
    return trace_of("power alone, which fails from 3 to 5 s", {"nvml:power_watts": (READING, power)})


def never_moving() -> Trace:
    return _gpu("a counter that stands still from the beginning", lambda t: 42)


def set_back() -> Trace:
    """As a driver that is loaded again begins at 0; until then it had counted a megajoule and more."""
    return _gpu(
        "a counter that starts again at 5 s", lambda t: _shown(t) + 10**9 if t < 5.0 else _shown(t) - _shown(5.0)
    )


def lost() -> Trace:
    return _gpu("a counter that cannot be read from 5 s on", _failing(_shown, 5.0, 99.0))


def two_wraps() -> Trace:
    """Two packages, the second of which wraps 230 J after the first."""
    zones = {hand_made.ZONE: START, "/sys/class/powercap/intel-rapl:1": START - 230_000_000}
    fixed = {}
    for number, zone in enumerate(zones):
        fixed |= {f"{zone}/name": f"package-{number}\n", f"{zone}/max_energy_range_uj": f"{SPAN}\n"}
    return trace_of(
        "two packages that wrap apart", {f"{z}/energy_uj": (STEP, _wrapped(s)) for z, s in zones.items()}, fixed
    )


def _wrapped(start: int) -> Callable[[float], str]:
    return lambda t: str((start + counted(PACKAGE, 1e-6, t)) % SPAN)


REPLAYS = (
    Replayed("counter, steps of 20 ms", hand_made.gpu_steps, gpu, "gpu", GPU, STEP),
    Replayed("counter, steps of 100 ms", coarse, gpu, "gpu", GPU, COARSE),
    Replayed("counter, no new figure for 2 s", hand_made.gpu_gap, gpu, "gpu", GPU, STEP),
    Replayed("counter, readings fail for 2 s", failing, gpu, "gpu", GPU, STEP),
    Replayed("counter that wraps", hand_made.rapl_wrap, rapl, "package", PACKAGE, STEP),
    Replayed("two counters that wrap apart", two_wraps, rapl, "package", BOTH_PACKAGES, STEP),
    Replayed("power of a rail", hand_made.ina3221_steps, ina3221, "module", MODULE, READING),
    Replayed("power readings alone", hand_made.gpu_power_only, gpu, "gpu", GPU, READING),
    Replayed("power readings that fail for 2 s", power_failing, gpu, "gpu", GPU, READING, "GPU is lost"),
    Replayed("counter stuck from 5 s on", hand_made.gpu_stuck, gpu, "gpu", GPU, STEP, "did not move for 1 s"),
    Replayed("counter stuck from the start", never_moving, gpu, "gpu", GPU, STEP, "did not move for 1 s"),
    Replayed("counter set back", set_back, gpu, "gpu", GPU, STEP, "went backwards"),
    Replayed("counter lost before the end", lost, gpu, "gpu", GPU, STEP, "GPU is lost"),
)


def measure(replayed: Replayed, folder: Path) -> Iterator[Energy]:
    """The sensor's energy over a window of 6 s, begun after each of ``WAITS``; ``folder`` is empty and there."""
    for number, wait in enumerate(WAITS):
        machine = Replay(replayed.trace(), folder / f"{wait:g}-{number}")
        machine.sleep(wait)
        meter = replayed.meter(machine)
        meter.begin()
        machine.sleep(WINDOW)
        ended = machine.seconds
        found = {m.metric.id: m for m in meter.end("timed")}
        energy, power = found[f"{replayed.prefix}_energy"], found[f"{replayed.prefix}_power"]
        if not energy.values:
            yield Energy(replayed, _true(replayed.power, ended, WINDOW), None, str(energy.missing))
            continue
        seconds = energy.values[0] / power.values[0]
        yield Energy(replayed, _true(replayed.power, ended, seconds), energy.values[0], "")


def _true(power: Power, ended: float, seconds: float) -> float:
    return power.energy(ended) - power.energy(ended - seconds)


def worst(energies: Iterator[Energy]) -> Energy:
    """The one that is off the most; one that does not meet what is asked of it comes before all that do."""
    return max(energies, key=lambda e: (not e.met, 0.0 if e.claimed is None else abs(e.claimed - e.true)))
