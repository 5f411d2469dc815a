"""A projected time: computed from measurements on a host, never run on the device it is about."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Basis = Literal["anchors", "data sheet", "other runtime", "bandwidth", "order of magnitude"]
"""What it stands on. ``anchors``: times of known models on this device, in the same runtime. ``data sheet``: the
device's peak, and what the library says of devices alike. ``other runtime``: the same, of a runtime that the library
does not know. ``bandwidth``: bytes read over memory bandwidth. ``order of magnitude``: peaks alone, across kinds of
device."""


class Joules(Struct, frozen=True):
    """Energy of a step: load power for the projected time; between idle power for the least time and load power for
    the longest."""

    value: float
    low: float
    high: float
    scope: str
    """Whose power it is: board, wall ..."""
    source: str


class Estimate(Struct, frozen=True):
    """A projected latency (s): the median and the ends of the 90 % interval."""

    seconds: float
    low: float
    high: float
    deviation: float | None = None
    """Standard deviation of the logarithm of the time."""
    basis: Basis = "data sheet"
    anchors: tuple[str, ...] = ()
    """Models whose times on the device it was calibrated with."""
    extrapolated: float | None = None
    """Share of the host's time in classes of operators that no anchor covers."""
    joules: Joules | None = None
    """Of the step; None where the profile's power figures do not tell it, and ``no_joules`` says why."""
    no_joules: str = ""


class NotProjected(Struct, frozen=True):
    """Why there is no projection."""

    reason: str
