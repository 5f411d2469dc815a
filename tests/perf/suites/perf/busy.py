"""A step that keeps a core busy for about a millisecond, always with the same work."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import repeat
from time import perf_counter_ns
from zlib import crc32

CHECKED = bytes(1 << 12)
"""Checksums take the same time wherever objects lie; an empty loop in plain Python differs by 10 % with that."""
TURNS = "TIERBENCH_PERF_TURNS"
"""The environment's name for how often the loop turns: counted once, so that all processes do the same work."""


def busy() -> Callable[[], None]:
    """The step. Raises KeyError where nobody counted its turns."""
    return _loop(int(os.environ[TURNS]))


def turns_of_a_millisecond() -> int:
    """How often the loop turns in a millisecond here; the median of some tries."""
    step, times = _loop(1000), []
    for _ in range(25):
        start = perf_counter_ns()
        step()
        times.append(perf_counter_ns() - start)
    return round(1000 * 1e6 / sorted(times)[len(times) // 2])


def _loop(turns: int) -> Callable[[], None]:
    def step() -> None:
        for _ in repeat(None, turns):
            crc32(CHECKED)

    return step
