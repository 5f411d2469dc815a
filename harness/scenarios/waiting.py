"""Waiting for a moment: slept until shortly before it, then spun."""

from __future__ import annotations

from collections.abc import Callable

SPIN_NS = 500_000
"""The end of a wait is spun, not slept: a sleep ends late, and later still where others want the core."""


def wait_until(moment: int, clock: Callable[[], int], sleep: Callable[[float], None]) -> None:
    """Return at ``moment`` (ns of ``clock``), or at once where it has passed. ``sleep`` takes seconds."""
    left = moment - clock()
    if left > SPIN_NS:
        sleep((left - SPIN_NS) / 1e9)
    while clock() < moment:
        pass
