"""How fast this machine multiplies matrices on one thread: what its times are related to a device's peak by."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from harness.model.measure import MATMUL_RATE, Measurement

SIZE = 512
ROUNDS = 12
"""The best of them counts: each takes a millisecond or a few."""


def measurement() -> Measurement:
    """Of the library that the trial has loaded: torch's where it is there, else numpy's. Takes under 0.2 s."""
    multiply = _torch() if "torch" in sys.modules else _numpy()
    best = min(_seconds(multiply) for _ in range(ROUNDS))
    return Measurement(MATMUL_RATE, "timed", "measured", (2 * SIZE**3 / best,))


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start) / 1e9


def _torch() -> Callable[[], Any]:
    import torch

    a = torch.ones(SIZE, SIZE)
    return lambda: torch.mm(a, a)


def _numpy() -> Callable[[], Any]:
    import numpy

    a = numpy.ones((SIZE, SIZE), dtype=numpy.float32)
    return lambda: a @ a
