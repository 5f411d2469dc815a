"""The energy of a call: a window of its own over as many calls as it needs, where a meter can be read."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from harness import meters
from harness.meters.counter import MIN_SECONDS
from harness.model.measure import Measurement
from harness.pytest_plugin.entry import ENERGY, Call, Entry, raised

WINDOW_SECONDS = 6.0
"""Longer than the shortest window that a meter accepts, by more than a step of any counter."""


def put(entry: Entry, call: Call, asked: bool, call_seconds: float | None) -> None:
    """Put energy per call and what it is of into the entry, or why there is none.

    A call that alone lasts long enough is measured unasked. ``call_seconds`` None means that its time is not known.
    """
    meter, reason = _meter("gpu" if _on_gpu() else "cpu")
    if meter is None:
        entry.put(ENERGY, None, reason)
        return
    needed = max(MIN_SECONDS, getattr(meter, "window_seconds", 0.0))
    if call_seconds is not None and call_seconds >= needed:
        _window(entry, call, meter, 0.0)
    elif reason := _why_not(call, asked, needed):
        entry.put(ENERGY, None, reason)
    else:
        _window(entry, call, meter, max(WINDOW_SECONDS, needed))


def _why_not(call: Call, asked: bool, needed: float) -> str:
    """Why a call that alone is too short is not repeated."""
    short = f"a call is shorter than the {needed:g} s that an energy needs"
    if not asked:
        return f"{short}; --tierbench-energy repeats it"
    return f"{short}, and its setup or teardown forbids to repeat it" if call.setup or call.teardown else ""


def _window(entry: Entry, call: Call, meter: meters.Meter, seconds: float) -> None:
    """Call at least once, and until ``seconds`` have passed, between the meter's begin and end."""
    try:
        with call.ready() as function:
            calls, ended = _calls(function, meter, seconds)
    except Exception as error:  # as with memory: no failure of the test
        entry.put(ENERGY, None, raised(error))
        return
    by_unit = {m.metric.unit: m for m in reversed(ended)}
    joules, watts = by_unit["J"], by_unit.get("W")
    entry.put(ENERGY, joules.values[0] / calls if joules.values else None, joules.missing)
    if watts is not None:
        entry.measured("power_watts", watts)
    entry.figures |= {"energy_meter": meter.id, "energy_scope": joules.metric.scope, "energy_calls": calls}


def _calls(function: Callable[[], Any], meter: meters.Meter, seconds: float) -> tuple[int, tuple[Measurement, ...]]:
    meter.begin()
    calls, deadline = 0, time.perf_counter_ns() + int(seconds * 1e9)
    try:
        while not calls or time.perf_counter_ns() < deadline:
            function()
            calls += 1
        if _on_gpu():
            sys.modules["torch"].cuda.synchronize()
    finally:
        ended = meter.end("timed")
    return calls, ended


def _on_gpu() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())


@cache
def _meter(device: str) -> tuple[meters.Meter | None, str]:
    """The meter for work on ``device`` that sees the least beside it, or why there is none. Asked once a session."""
    known = [meter for meter in meters.for_role("energy", device) if any(m.unit == "J" for m in meter.metrics)]
    reasons = {meter.id: meter.available() for meter in known}
    usable = [meter for meter in known if reasons[meter.id] is None]
    if usable:
        return usable[0], ""
    return None, "; ".join(f"{name}: {reason}" for name, reason in reasons.items()) or "no meter for energy is known"
