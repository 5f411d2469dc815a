"""The same memory for 2 ms to 1 s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import Place

from ._programs import _Program, burst


class Burst(_Program):
    """16 MiB in load, gone again after so many milliseconds."""

    name = "burst"
    parameters = {"ms": (2, 20, 200, 1000)}
    quick = None

    def prepare(self, place: Place, ms: int) -> Callable[[], Any]:
        burst(16, ms / 1000)
        return lambda: None
