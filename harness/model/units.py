"""Units: base units inside (seconds, bytes, joules, watts), and the one place where they are spelt for people."""

from __future__ import annotations

import math

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

_BYTES = ((1 << 40, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB"))
_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_DECIMAL = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"))

FACTORS: dict[str, tuple[str, float]] = {
    "B": ("B", 1), "KiB": ("B", KIB), "MiB": ("B", MIB), "GiB": ("B", GIB),
    "KB": ("B", 1e3), "MB": ("B", 1e6), "GB": ("B", 1e9),
    "s": ("s", 1), "ms": ("s", 1e-3), "us": ("s", 1e-6), "µs": ("s", 1e-6), "ns": ("s", 1e-9),
    "W": ("W", 1), "mW": ("W", 1e-3), "J": ("J", 1), "mJ": ("J", 1e-3),
    "Hz": ("Hz", 1), "MHz": ("Hz", 1e6), "GHz": ("Hz", 1e9),
    "B/s": ("B/s", 1), "MB/s": ("B/s", 1e6), "GB/s": ("B/s", 1e9), "GiB/s": ("B/s", GIB),
    "FLOP/s": ("FLOP/s", 1), "GFLOP/s": ("FLOP/s", 1e9), "TFLOP/s": ("FLOP/s", 1e12),
    "OP/s": ("OP/s", 1), "GOP/s": ("OP/s", 1e9), "TOP/s": ("OP/s", 1e12),
    "bit/s": ("bit/s", 1), "Mbit/s": ("bit/s", 1e6), "Gbit/s": ("bit/s", 1e9),
    "token/s": ("token/s", 1), "USD": ("USD", 1), "EUR": ("EUR", 1),
    "FLOP/cycle": ("FLOP/cycle", 1), "cores": ("cores", 1), "count": ("count", 1), "1": ("1", 1), "°C": ("°C", 1),
}  # fmt: skip
"""Unit as written in a file -> (base unit, factor)."""


def to_base(value: float, unit: str) -> float:
    """``value`` in its base unit. Raises KeyError for a unit that is not in ``FACTORS``."""
    return value * FACTORS[unit][1]


def show(value: float, unit: str, digits: int = 3) -> str:
    """A figure for people: three significant digits and a readable unit, e.g. ``show(0.0123, "s")`` is ``12.3 ms``."""
    if unit == "B":
        return show_bytes(value, digits)
    if unit == "s":
        return _scaled(value, _SECONDS, digits, "s")
    if unit in {"1", "count", "cores"}:
        return _digits(value, digits)
    if unit in {"USD", "EUR"} or (unit.endswith("/s") and unit not in {"B/s", "FLOP/s", "OP/s", "bit/s"}):
        return f"{_digits(value, digits)} {unit}"
    return _scaled(value, tuple((f, p + unit) for f, p in _DECIMAL), digits, unit)


def show_bytes(value: float, digits: int = 3) -> str:
    """Bytes for people, in binary units: ``show_bytes(3 << 29)`` is ``1.5 GiB``."""
    return _scaled(value, _BYTES, digits, "B")


def show_percent(fraction: float, digits: int = 2, signed: bool = False) -> str:
    """A fraction as percent: ``show_percent(0.0123)`` is ``1.2 %``."""
    sign = "+" if signed and fraction > 0 else ""
    return f"{sign}{_digits(100 * fraction, digits)} %"


def _scaled(value: float, scale: tuple[tuple[float, str], ...], digits: int, base: str) -> str:
    for factor, unit in scale:
        if abs(value) >= factor * (1 - 0.5 * 10**-digits):
            return f"{_digits(value / factor, digits)} {unit}"
    factor, unit = scale[-1] if value and base != "B" else (1.0, base)
    return f"{_digits(value / factor, digits)} {unit}"


def _digits(value: float, digits: int) -> str:
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
