"""Steps of known duration: each spins until the clock has gone on so far, and notes when it began and ended."""

from __future__ import annotations

import mmap
import os
import time
from datetime import UTC, datetime
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
            self._numbers = memoryview(mmap.mmap(file.fileno(), 0)).cast("q")

    def take(self, began: int, ended: int) -> None:
        numbers = self._numbers
        count = numbers[0]
        numbers[count + 1], numbers[count + 2] = began, ended
        numbers[0] = count + 2


class Spin(Workload):
    """A step of that many microseconds."""

    name = "spin"
    family = "truth"
    runtimes = ("python",)
    parameters = {"us": (10, 100, 1000, 10_000, 100_000)}

    def build(self, place: Place, us: int) -> Model:
        take, clock, span = Stamps(f"spin[us={us}]").take, time.perf_counter_ns, 1000 * us

        def step() -> None:
            began = ended = clock()
            while ended - began < span:
                ended = clock()
            take(began, ended)

        return Model(step)
