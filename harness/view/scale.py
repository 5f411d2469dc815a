"""Axes: from a value to a place, and the ticks that people can read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from harness.model.units import GIB, KIB, MIB, show
from harness.view.charts import Tick

_STEPS = (1.0, 2.0, 5.0)
_BYTE_STEPS = tuple(m * u for u in (1, KIB, MIB, GIB, 1 << 40) for m in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512))

_PERCENT_STEPS = tuple(m * 10.0**p for p in range(-6, 2) for m in _STEPS)
MOST_TICKS = 6
WIDE = 3.0
"""An axis of ratios that spans more than this has ticks at powers of two."""


class Axis(Struct, frozen=True):
    """From ``low`` to ``high`` in a base unit onto ``left`` to ``right``."""

    low: float
    high: float
    left: float
    right: float
    log: bool

    def place(self, value: float) -> float:
        """Where a value stands, kept on the axis, to a tenth."""
        low, high, v = (math.log(x) if self.log else x for x in (self.low, self.high, max(value, self.low)))
        part = (min(v, high) - low) / (high - low)
        return round(self.left + part * (self.right - self.left), 1)


def log_axis(values: Sequence[float], left: float, right: float) -> Axis:
    """A log axis that holds all ``values`` (above 0) with a little room on both sides, at least a decade long."""
    low, high = min(values), max(values)
    room = max(1.3, math.sqrt(10 * low / high))
    return Axis(low / room, high * room, left, right, log=True)


def byte_axis(high: float, left: float, right: float) -> Axis:
    """A linear axis from 0 to a little above ``high`` bytes."""
    return Axis(0.0, high * 1.04, left, right, log=False)


def log_ticks(axis: Axis, unit: str) -> tuple[Tick, ...]:
    """Powers of ten on a log axis; 1, 2 and 5 times them where fewer than three powers show."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    tens = [10.0**p for p in powers if axis.low <= 10.0**p <= axis.high]
    if len(tens) < 3:
        tens = [m * 10.0**p for p in powers for m in _STEPS if axis.low <= m * 10.0**p <= axis.high]
    return tuple(Tick(axis.place(v), show(v, unit)) for v in tens)


def byte_log_ticks(axis: Axis) -> tuple[Tick, ...]:
    """Powers of two times 1024's powers, at most eight."""
    inside = [s for s in _BYTE_STEPS if axis.low <= s <= axis.high]
    thinned = inside[:: math.ceil(len(inside) / 8) or 1] if inside else []
    return tuple(Tick(axis.place(v), show(v, "B")) for v in thinned)


def byte_ticks(axis: Axis) -> tuple[Tick, ...]:
    """Round steps on a linear axis of bytes, at most eight beyond 0."""
    step = next((s for s in _BYTE_STEPS if axis.high / s <= 8), axis.high)
    count = math.floor(axis.high / step)
    return tuple(Tick(axis.place(k * step), show(k * step, "B") if k else "0") for k in range(count + 1))


def ratio_ticks(axis: Axis) -> tuple[Tick, ...]:
    """Changes in percent on a log axis of ratios, at most six: in even steps, or doublings where it is wide."""
    if axis.high / axis.low > WIDE:
        powers = range(math.ceil(math.log2(axis.low)), math.floor(math.log2(axis.high)) + 1)
        step = math.ceil(len(powers) / MOST_TICKS)
        ratios = [2.0**p for p in powers if p % step == 0]
    else:
        size = next(s for s in _PERCENT_STEPS if (axis.high - axis.low) / s < MOST_TICKS)
        whole = range(math.ceil((axis.low - 1) / size), math.floor((axis.high - 1) / size) + 1)
        ratios = [1 + k * size for k in whole]
    return tuple(Tick(axis.place(r), _percent(100 * (r - 1))) for r in ratios)


def _percent(value: float) -> str:
    text = f"{value:+,.1f}".removesuffix(".0") if abs(value) >= 10 else f"{value:+.3g}"
    return f"{text} %" if value else "0"
