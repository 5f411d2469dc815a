"""The process beside a trial's: looks at clocks, temperatures and throttling while the trial is in its timed stage.

``python -P -c "... main(json)"``: stage names come in on standard input, a line each; at its end the samples go to
standard output as events. It sleeps in every stage but the timed one. On a core of its own where one is free.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.host import cpu
from harness.host.files import below, sensor_text
from harness.meters.counter import CounterError
from harness.meters.nvml_device import RealDevice
from harness.model import codec
from harness.model.events import ChildEvent, Measured, Said
from harness.model.measure import Measurement, Metric, Stage
from harness.model.sensors import (
    CLOCK_FILES,
    CPU_CLOCK,
    GPU_CLOCK,
    GPU_MEMORY_CLOCK,
    GPU_POWER_LIMIT,
    GPU_TEMPERATURE,
    GPU_THROTTLE,
    SAMPLER_CPU,
    TEMPERATURE,
    ZONE_FILES,
)

INTERVAL_SECONDS = 0.25
MOST_SAMPLES = 2400
"""Ten minutes' worth; where there are more, every other is dropped and the interval doubles."""
TIMED: Stage = "timed"


@dataclass
class Probe:
    """One thing that is looked at. ``read`` gives it in base units and raises OSError, ValueError or CounterError."""

    metric: Metric
    read: Callable[[], float]
    values: list[float] = field(default_factory=list)
    problem: str | None = None

    def look(self) -> None:
        """Take a sample; after a failure no more."""
        if self.problem is None:
            try:
                self.values.append(self.read())
            except (OSError, ValueError, CounterError) as error:
                self.problem = f"{error} (after {len(self.values)} samples)"

    def measurement(self) -> Measurement:
        """All samples, or why there are none."""
        reason = None if self.values else self.problem or "the timed stage was never reached"
        return Measurement(self.metric, TIMED, "measured", tuple(self.values), reason)


@dataclass
class Sampler:
    """Looks at its probes every ``interval`` seconds while it is active, and counts what that costs."""

    probes: Sequence[Probe]
    interval: float = INTERVAL_SECONDS
    active: bool = False
    cpu_seconds: float = 0.0
    _cpu_from: float = 0.0

    def enter(self, stage: str) -> None:
        """The trial entered a stage, or ``""`` where it left the timed one."""
        now = time.process_time()
        if self.active:
            self.cpu_seconds += now - self._cpu_from
        self._cpu_from, self.active = now, stage == TIMED

    def look(self) -> None:
        """A sample of each; thinned where they become too many."""
        for probe in self.probes:
            probe.look()
        if max((len(p.values) for p in self.probes), default=0) >= MOST_SAMPLES:
            self.interval *= 2
            for probe in self.probes:
                probe.values = probe.values[::2]

    def events(self) -> Iterator[ChildEvent]:
        """What it saw and what that cost."""
        self.enter("")
        for probe in self.probes:
            yield Measured(probe.measurement())
        yield Measured(Measurement(SAMPLER_CPU, TIMED, "measured", (self.cpu_seconds,)))
        yield Said({"sampler_interval_seconds": f"{self.interval:g}"})


def probes(root: Path, cores: Sequence[int], gpu: bool) -> list[Probe]:
    """What can be looked at here: clocks of ``cores``, thermal zones below ``root``, and the GPU where it is used."""
    clocks = [path for cpu in cores if _answers(path := root / CLOCK_FILES.format(cpu=cpu))]
    zones = [zone for zone in below(root, ZONE_FILES) if _answers(zone)]
    found = []
    if clocks:
        found.append(Probe(CPU_CLOCK, lambda: max(float(sensor_text(path)) for path in clocks) * 1e3))
    if zones:
        found.append(Probe(TEMPERATURE, lambda: max(float(sensor_text(zone)) for zone in zones) / 1e3))
    return found + (_of_gpu() if gpu else [])


def _of_gpu() -> list[Probe]:
    try:
        device = RealDevice()
    except CounterError:
        return []
    return [
        Probe(GPU_CLOCK, device.clock_hz),
        Probe(GPU_MEMORY_CLOCK, device.memory_clock_hz),
        Probe(GPU_TEMPERATURE, device.temperature_celsius),
        Probe(GPU_THROTTLE, device.throttle_reasons),
        Probe(GPU_POWER_LIMIT, device.power_limit_watts),
    ]


def _answers(path: Path) -> bool:
    """Some zones and clocks are switched off and refuse to be read."""
    try:
        float(sensor_text(path))
    except (OSError, ValueError):
        return False
    return True


def settle(cores: Sequence[int]) -> str:
    """Move to a core that the trial does not use, and say which; shared with it where none is free."""
    free = sorted(cpu.usable() - set(cores))
    if not free:
        return "shared with the trial: it may use every core"
    try:
        os.sched_setaffinity(0, {free[-1]})
    except (OSError, AttributeError):
        return "shared with the trial: a process cannot choose its CPUs here"
    return f"core {free[-1]}, which the trial does not use"


def follow(sampler: Sampler, descriptor: int) -> None:
    """Sample until ``descriptor`` ends, in the timed stages that it names."""
    pending, due = b"", time.monotonic()
    while True:
        patience = max(0.0, due - time.monotonic()) if sampler.active else None
        if select.select([descriptor], [], [], patience)[0]:
            data = os.read(descriptor, 4096)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                sampler.enter(line.decode())
                due = time.monotonic()
        elif sampler.active:
            sampler.look()
            due = max(due + sampler.interval, time.monotonic())


def main(request: str) -> None:
    """Run with ``{"root": ..., "cores": [...], "gpu": ...}`` until standard input ends."""
    order = json.loads(request)
    where = settle(order["cores"])
    sampler = Sampler(probes(Path(order["root"]), order["cores"], order["gpu"]))
    follow(sampler, sys.stdin.fileno())
    with suppress(BrokenPipeError):
        for event in (*sampler.events(), Said({"sampler": where})):
            sys.stdout.buffer.write(codec.encode(event) + b"\n")
        sys.stdout.buffer.flush()
