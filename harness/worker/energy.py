"""The energy role: steps without pause over a long window, an energy meter around them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from harness import meters
from harness.model.case import Trial
from harness.model.events import Said
from harness.model.measure import STEP_ENERGY, Measurement
from harness.worker.channel import Channel


def run(step: Callable[[], Any], trial: Trial, channel: Channel) -> None:
    """Step for ``pace.energy_seconds`` under each energy meter that is available, and send energy per step."""
    for meter in meters.for_role("energy", trial.case.device):
        if meter.available() is not None:
            continue
        channel.begin("timed")
        meter.begin()
        steps = _window(step, trial.pace.energy_seconds)
        for measurement in meter.end("timed"):
            channel.measured(measurement, *_per_step(measurement, steps))
        channel.send(Said({f"energy_steps_{meter.id}": str(steps)}))


def _window(step: Callable[[], Any], seconds: float) -> int:
    deadline = time.perf_counter_ns() + int(seconds * 1e9)
    steps = 0
    while time.perf_counter_ns() < deadline:
        step()
        steps += 1
    return steps


def _per_step(measurement: Measurement, steps: int) -> tuple[Measurement, ...]:
    if measurement.metric.unit != "J":
        return ()
    metric = replace(STEP_ENERGY, scope=measurement.metric.scope, how=f"{measurement.metric.how}, per step")
    values = tuple(value / steps for value in measurement.values)
    return (Measurement(metric, "timed", measurement.provenance, values, measurement.missing),)
