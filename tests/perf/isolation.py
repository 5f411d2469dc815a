"""What a process of its own adds to ``import torch`` and the model's own load: a trial against a bare script.

Both import torch, build the same network, step it as often and leave without a clean-up. All that the trial does beyond
is what isolation costs: the launch stub, the group, reading the work's files, the harness's own imports, the memory
meters, the record.
"""

from __future__ import annotations

import sys
from time import perf_counter

from harness.model.case import Pace
from harness.model.events import ChildEvent
from tests.perf import pairs, result
from tests.perf.effort import Effort
from tests.perf.processes import BARE, ONE_THREAD, Trials, call, seconds, trial
from tests.perf.result import Result

ITEM = "isolation"
AT_MOST_MS = 150.0
ROWS, STEPS = 1024, 3


def measure(effort: Effort) -> list[Result]:
    """Milliseconds that a memory trial, whose meters are the most, takes longer than the script."""
    trials = Trials(effort.folder / "cache")
    need = trial(ROWS, "need", Pace(steps=STEPS - 1))
    trials.prepare(need)
    launches: list[float] = []

    def isolated() -> float:
        start = perf_counter()
        first: list[float] = []

        def listen(_event: ChildEvent) -> None:
            first[:] = first or [perf_counter() - start]

        trials.run(need, listen)
        launches.extend(first)
        return perf_counter() - start

    def bare() -> float:
        return seconds(lambda: call(sys.executable, BARE / "plain.py", ROWS, STEPS, **ONE_THREAD))

    def interpreter() -> float:
        return seconds(lambda: call(sys.executable, "-c", "pass"))

    takers = {"trial": isolated, "bare": bare, "interpreter": interpreter}
    taken = pairs.interleaved(takers, effort.times(15))
    added = pairs.differences(taken["trial"], taken["bare"])
    launch = pairs.differences(launches[1:], taken["interpreter"])
    return [
        result.of(ITEM, "a trial beyond a script that imports torch, builds and steps", added, "ms", 1e3, AT_MOST_MS),
        result.of(ITEM, "of it, until the trial's first stage, beyond a bare interpreter", launch, "ms", 1e3),
    ]
