"""Steps of known duration: each spins until the clock has gone on so far, and notes when it began and ended."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from harness import Model, Place, Workload

from ._programs import TOLD

MOST_STEPS = 1 << 21


class Stamps:
    """Begin and end of every step of this process in ns, in a file that lasts when the process is gone: a sparse one,
    written through a mapping. Its name has the time at which it was made; its first number is how many stamps it has.
    """

    def __init__(self, name: str) -> None:
        path = Path(os.environ[TOLD]) / f"{name} {datetime.now(UTC).isoformat()}"
        with path.open("w+b") as file:
            file.truncate((1 + 2 * MOST_STEPS) * 8)
            self.numbers = memoryview(mmap.mmap(file.fileno(), 0)).cast("q")

    def begin(self, began: int) -> int:
        """Where the end of the step is to be noted."""
        numbers = self.numbers
        count = numbers[0]
        numbers[count + 1] = began
        numbers[0] = count + 2
        return count + 2


class Spin(Workload):
    """A step of that many microseconds."""

    name = "spin"
    family = "truth"
    runtimes = ("python",)
    parameters = {"us": (10, 100, 1000, 10_000, 100_000)}

    def build(self, place: Place, us: int) -> Model:
        return Model(spinning(f"spin[us={us}]", (1000 * us,)))


class Stall(Workload):
    """A step of 2 ms, and every tenth time one of 40 ms, as where a cache is flushed."""

    name = "stall"
    family = "truth"
    runtimes = ("python",)
    parameters = {"us": (2000,), "stalled": (40_000,)}

    def build(self, place: Place, us: int, stalled: int) -> Model:
        return Model(spinning(f"stall[stalled={stalled},us={us}]", (1000 * us,) * 9 + (1000 * stalled,)))


def spinning(name: str, spans: tuple[int, ...]) -> Callable[[], None]:
    """A step that spins for each of ``spans`` (ns) in turn."""
    stamps, clock, turns = Stamps(name), time.perf_counter_ns, cycle(spans)
    begin, numbers = stamps.begin, stamps.numbers

    def step() -> None:
        began = clock()
        place = begin(began)
        span = next(turns)
        ended = clock()
        while ended - began < span:
            ended = clock()
        numbers[place] = ended  # all that the step takes beyond its stamps

    return step
