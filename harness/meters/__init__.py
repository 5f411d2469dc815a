"""Meters: each reads one thing in the child, around a stage. A module an instrument.

Third parties add one through the entry-point group ``tierbench.meters``: a name and a factory without arguments.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Protocol, get_args, runtime_checkable

from harness import plugins
from harness.errors import UnknownName
from harness.model.machine import MeterState
from harness.model.measure import (
    ANONYMOUS,
    FILE_BACKED,
    MAJOR_FAULTS,
    PROCESS_BASELINE,
    PROCESS_PEAK,
    Measurement,
    Metric,
    Scope,
    Stage,
)

GROUP = plugins.METERS

_BUILT_IN = {
    "torch-cuda": ("harness.meters.torch_cuda", "TorchCuda"),
    "nvml": ("harness.meters.nvml", "Nvml"),
    "nvml-memory": ("harness.meters.nvml_memory", "NvmlMemory"),
    "rapl": ("harness.meters.rapl", "Rapl"),
    "ina3221": ("harness.meters.ina3221", "Ina3221"),
    "pmic": ("harness.meters.pmic", "Pmic"),
    "hwmon": ("harness.meters.hwmon", "Hwmon"),
    "battery": ("harness.meters.battery", "Battery"),
}
_MEMORY_ROLES = ("need", "ceiling", "gate", "timing")
_PROCESS_MEMORY = (PROCESS_PEAK, PROCESS_BASELINE, ANONYMOUS, FILE_BACKED, MAJOR_FAULTS)
_SCOPES = get_args(Scope)


class Meter(Protocol):
    """What an instrument must offer. Its module imports nothing heavy, and making one touches no device."""

    id: str
    roles: frozenset[str]
    """The roles of a trial that it may run in without disturbing what they measure: its declared disturbance.

    ``timing``: it works in ``begin`` and ``end`` alone. ``energy``: a pass of its own, in which it may poll.
    """
    devices: frozenset[str]
    """``cpu`` and ``gpu``: the devices whose work it sees."""
    metrics: tuple[Metric, ...]
    """All that ``end`` can give."""

    def available(self) -> str | None:
        """Why it cannot be used here, in a sentence that says what to do; None where it can."""

    def begin(self) -> None:
        """Start a window: reset what can be reset, note where counters stand. May take seconds; raises nothing."""

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """End the window: a measurement a metric, missing ones with the reason. Raises nothing."""


@runtime_checkable
class Phased(Protocol):
    """What a meter of energy adds whose sensor looks only a part of the time: windows that begin at shifted phases."""

    def phases(self) -> tuple[float, ...]:
        """Fractions of the sensor's period, one a window; ``(0.0,)`` where the sensor here looks all the time."""

    def begin_at(self, phase: float) -> None:
        """As ``begin``, so much of a period after a step of the sensor."""


def known() -> list[str]:
    """Ids of all meters, built in and installed."""
    return sorted({*_BUILT_IN, *(e.name for e in plugins.entries(GROUP))})


def get(meter_id: str) -> Meter:
    """The meter of that id. Raises UnknownName."""
    if meter_id in _BUILT_IN:
        module, name = _BUILT_IN[meter_id]
        made: Meter = getattr(import_module(module), name)()
        return made
    for entry in plugins.entries(GROUP):
        if entry.name == meter_id:
            plugin: Meter = entry.load()()
            return plugin
    raise UnknownName("meter", meter_id, known())


def for_role(role: str, device: str) -> list[Meter]:
    """The meters that may run in ``role`` and see the work of ``device``, the narrowest scope first.

    The caller asks whether they can be used here. One that cannot be loaded is left out: ``states`` says so.
    """
    found = [m for m in filter(None, map(_loaded, known())) if role in m.roles and device in m.devices]
    return sorted(found, key=_width)


def _loaded(meter_id: str) -> Meter | None:
    try:
        return get(meter_id)
    except Exception:
        return None


def _width(meter: Meter) -> int:
    return min((_SCOPES.index(metric.scope) for metric in meter.metrics), default=len(_SCOPES))


def states() -> tuple[MeterState, ...]:
    """Every instrument, the kernel's account of memory first, and why it cannot be used here."""
    return (_process_memory(), *(_state(meter_id) for meter_id in known()))


def _process_memory() -> MeterState:
    writable = os.access("/proc/self/clear_refs", os.W_OK)
    reason = None if writable else "/proc/self/clear_refs is not writable: peaks cannot be told apart by stage"
    return MeterState("process-memory", reason, _MEMORY_ROLES, ("cpu", "gpu"), _PROCESS_MEMORY)


def _state(meter_id: str) -> MeterState:
    try:
        meter = get(meter_id)
        roles, devices = tuple(sorted(meter.roles)), tuple(sorted(meter.devices))
        return MeterState(meter_id, meter.available(), roles, devices, tuple(meter.metrics))
    except Exception as error:  # a third party's meter that cannot be loaded is a state, not a crash
        return MeterState(meter_id, f"the meter cannot be loaded: {type(error).__name__}: {error}")
