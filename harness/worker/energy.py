"""The energy role: steps without pause over a long window, an energy meter around them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from harness import meters
from harness.meters.conditions import Conditions
from harness.meters.power import disagreement
from harness.model.case import Trial
from harness.model.events import Found, Said
from harness.model.measure import ITEM_ENERGY, NET_STEP_ENERGY, POWER, STEP_ENERGY, Measurement, Metric
from harness.worker.channel import Channel


def run(step: Callable[[], Any], trial: Trial, channel: Channel, items: float) -> None:
    """Step under each energy meter that is available, and send what it read, energy per step and per item.

    For ``pace.energy_seconds``, or longer where the meter's sensor is slower (its ``window_seconds``).
    """
    for meter in meters.for_role("energy", trial.case.device):
        if meter.available() is not None:
            continue
        channel.begin("timed")
        conditions = Conditions()
        conditions.begin()
        meter.begin()
        steps = _window(step, max(trial.pace.energy_seconds, getattr(meter, "window_seconds", 0.0)))
        read = meter.end("timed")
        conditions.end()  # outside the meter's window, as its begin was: the canary draws power
        for measurement in read:
            channel.measured(measurement, *_shares(measurement, steps, items))
        if (finding := disagreement(read)) is not None:
            channel.send(Found(finding))
        channel.measured(*conditions.measurements("timed"))
        channel.send(Said({f"energy_steps_{meter.id}": str(steps)}))


def _window(step: Callable[[], Any], seconds: float) -> int:
    deadline = time.perf_counter_ns() + int(seconds * 1e9)
    steps = 0
    while time.perf_counter_ns() < deadline:
        step()
        steps += 1
    return steps


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
