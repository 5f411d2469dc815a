"""The energy role: steps without pause over a long window, an energy meter around them.

A sensor that looks only a part of the time gets several windows, begun at shifted phases of its period.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec.structs import replace

from harness import meters
from harness.meters.conditions import Conditions
from harness.meters.power import DISAGREEMENT, disagreement
from harness.model.case import Trial
from harness.model.events import Found, Said
from harness.model.measure import ITEM_ENERGY, NET_STEP_ENERGY, POWER, STEP_ENERGY, Finding, Measurement, Metric
from harness.model.units import show, show_percent
from harness.worker.channel import Channel

MIXED = "its windows were read by different means: the counter came or went meanwhile"


@dataclass(frozen=True)
class Window:
    """What was read over one window, energy per step and per item among it, and the steps in it."""

    steps: int
    read: tuple[Measurement, ...]


def run(step: Callable[[], Any], trial: Trial, channel: Channel, items: float) -> None:
    """Step under each energy meter that is available, and send what it read, energy per step and per item.

    For ``pace.energy_seconds`` a window, or longer where the meter's sensor is slower (its ``window_seconds``).
    """
    for meter in meters.for_role("energy", trial.case.device):
        if meter.available() is None:
            seconds = max(trial.pace.energy_seconds, getattr(meter, "window_seconds", 0.0))
            _measure(meter, partial(_steps, step, seconds), channel, items)


def _measure(meter: meters.Meter, work: Callable[[], int], channel: Channel, items: float) -> None:
    """One meter's windows, one after the other; the conditions are those of all of them together."""
    phases = meter.phases() if isinstance(meter, meters.Phased) else (0.0,)
    channel.begin("timed")
    conditions = Conditions()
    conditions.begin()
    windows = [_window(meter, phase, work, items) for phase in phases]
    conditions.end()  # outside the meter's windows, as its begin was: the canary draws power
    channel.measured(*merged(windows), *conditions.measurements("timed"))
    for finding in _findings(windows):
        channel.send(Found(finding))
    channel.send(Said(_facts(meter.id, phases, windows)))


def _window(meter: meters.Meter, phase: float, work: Callable[[], int], items: float) -> Window:
    if isinstance(meter, meters.Phased):
        meter.begin_at(phase)
    else:
        meter.begin()
    steps = work()
    read = meter.end("timed")
    return Window(steps, tuple(m for measured in read for m in (measured, *_shares(measured, steps, items))))


def _steps(step: Callable[[], Any], seconds: float) -> int:
    deadline = time.perf_counter_ns() + int(seconds * 1e9)
    steps = 0
    while time.perf_counter_ns() < deadline:
        step()
        steps += 1
    return steps


def merged(windows: Sequence[Window]) -> tuple[Measurement, ...]:
    """A sample a window of each metric. Where one window has none the metric is missing: the others would not make up
    for the part of the sensor's period that it was to see.
    """
    return tuple(_merged(same) for same in zip(*(window.read for window in windows), strict=True))


def _merged(same: Sequence[Measurement]) -> Measurement:
    lost = next((m.missing for m in same if not m.values), None)
    missing = lost or (MIXED if any(m.metric != same[0].metric for m in same) else None)
    if missing:
        return replace(same[0], values=(), missing=missing)
    return replace(same[0], values=tuple(value for m in same for value in m.values))


def _findings(windows: Sequence[Window]) -> Iterator[Finding]:
    if (found := next(filter(None, (disagreement(window.read) for window in windows)), None)) is not None:
        yield found
    if (found := phase_dependent(windows)) is not None:
        yield found


def phase_dependent(windows: Sequence[Window]) -> Finding | None:
    """A word on windows whose energies per step differ: the load keeps step with the sensor, and their mean counts."""
    energies = [v for window in windows for m in window.read if m.metric.id == STEP_ENERGY.id for v in m.values]
    mean = sum(energies) / len(energies) if energies else 0.0
    if mean <= 0 or max(energies) - min(energies) <= DISAGREEMENT * mean:
        return None
    lowest, highest, middle = (show(joules, "J") for joules in (min(energies), max(energies), mean))
    spread = show_percent((max(energies) - min(energies)) / mean)
    text = f"windows begun at shifted phases of the sensor's period differ by {spread}: {lowest} to {highest} a step"
    hint = f"the sensor looks only a part of the time and the load keeps step with it: quote the mean, {middle}"
    return Finding("warning", "phase-dependent", text, hint)


def _facts(meter: str, phases: Sequence[float], windows: Sequence[Window]) -> dict[str, str]:
    facts = {f"energy_steps_{meter}": ", ".join(str(window.steps) for window in windows)}
    if len(phases) > 1:
        facts[f"energy_phases_{meter}"] = ", ".join(f"{phase:g}" for phase in phases)
    return facts


def _shares(measurement: Measurement, steps: int, items: float) -> tuple[Measurement, ...]:
    """A gross energy per step and per item, a net one per step; the power under the name that all meters share."""
    name = measurement.metric.id
    if name.endswith("_power") and not name.endswith("idle_power"):
        return (_share(measurement, POWER, 1, "all steps"),)
    if measurement.metric.unit != "J":
        return ()
    if name.endswith("net_energy"):
        return (_share(measurement, NET_STEP_ENERGY, steps, "per step"),)
    per_step = _share(measurement, STEP_ENERGY, steps, "per step")
    return (per_step, _share(measurement, ITEM_ENERGY, steps * items, "per item")) if items > 0 else (per_step,)


def _share(whole: Measurement, kind: Metric, parts: float, words: str) -> Measurement:
    how = f"{whole.metric.how}, {words}"
    metric = replace(kind, scope=whole.metric.scope, how=how, resolution=whole.metric.resolution)
    values = tuple(value / parts for value in whole.values)
    return Measurement(metric, "timed", whole.provenance, values, whole.missing)
