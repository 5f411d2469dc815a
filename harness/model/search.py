"""What ``fit`` asks of a workload: how little memory it completes in, and how far a parameter goes on a tier."""

from __future__ import annotations

from msgspec import Struct

from harness.model.case import Trial


class Search(Struct, frozen=True, omit_defaults=True):
    """Asked once; what is tried next follows from it and the records so far."""

    pattern: Trial
    """What a try is like: the case at the point that the search starts from, the tier's limits, pace and time limit."""
    most_bytes: int
    """No limit beyond it is tried: what this machine has."""
    parameters: tuple[str, ...] = ()
    """Parameters of which the largest value is sought that fits the tier."""
    precision: float = 0.01
    """Of the smallest memory, as a fraction."""
    fast: bool = False
    """Parameters start from an estimate by composition, and all ends within a wider fraction."""
    most: int | None = None
    """No parameter goes beyond it; None: sixteen doublings."""
