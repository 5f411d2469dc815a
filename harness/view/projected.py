"""What a projected time stands on, and what of it is a guess, in words."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.estimate import Basis, Estimate
from harness.model.units import show, show_percent

_NAMED = 3
MUCH = 0.3
"""Extrapolating so much of the time is said where it is shown."""
_BASES: dict[Basis, str] = {
    "anchors": "calibrated with {count} published times of known models on this device",
    "data sheet": "from the device's peak and what is known of devices alike; no anchor in this runtime and data type",
    "other runtime": "from the device's peak: no time in this runtime is known of this device",
    "bandwidth": "bytes of weights over memory bandwidth",
    "order of magnitude": "an order of magnitude: a CPU's measurement says little of a GPU",
}


def stands_on(estimate: Estimate) -> str:
    """E.g. ``computed, never run: calibrated with 21 published times ...; 90 % interval``."""
    return "computed, never run: " + "; ".join(_parts(estimate))


def _parts(estimate: Estimate) -> Iterator[str]:
    yield _BASES[estimate.basis].format(count=len(estimate.anchors))
    if estimate.basis == "anchors":
        more = len(estimate.anchors) - _NAMED
        named = ", ".join(estimate.anchors[:_NAMED])
        yield f"{named} and {more} more" if more > 0 else named
    if estimate.extrapolated is not None and estimate.extrapolated > MUCH and estimate.basis == "anchors":
        yield f"{show_percent(estimate.extrapolated)} of its time is of operators that no anchor covers"
    if estimate.deviation is not None:
        yield "90 % interval"


def band(low: float, high: float, unit: str) -> str:
    """The interval of a projected figure: it is not symmetric, so it is shown by its ends."""
    return f"({show(low, unit, 2)} to {show(high, unit, 2)})"


def likely(probability: float, due: str) -> str:
    """A deadline in words, with its probability: never a bare yes."""
    if probability >= 0.995:
        return f"almost surely within {due}"
    if probability <= 0.005:
        return f"almost surely misses {due}"
    return f"{show_percent(probability)} likely within {due}"
