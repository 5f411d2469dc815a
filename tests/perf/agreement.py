"""Whether tierbench, torch.utils.benchmark and pyperf find the same time for the same network on one thread.

A pair is one process of each, started in turn. Each takes the median of about as many calls, timed singly, under
``torch.inference_mode``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from harness.model.case import Pace
from harness.stats import Summary, median
from tests.perf import pairs, result
from tests.perf.effort import Effort
from tests.perf.processes import BARE, ONE_THREAD, Trials, call, trial
from tests.perf.result import Result

ITEM = "agreement"
ROWS = 128
"""Calls so short that few lose their core on the way: the median then holds on a machine with other work too."""
SECONDS = 1.0
"""Spent on calls that are timed, in each process."""
BAND = (0.98, 1.02)
WIDTH = 0.04
TARGET = "interval meets 0.98 to 1.02 and is narrower than 0.04"


def measure(effort: Effort) -> list[Result]:
    """The paired ratio of tierbench's median to each of the others'."""
    seconds = 0.2 if effort.quick else SECONDS
    taken = pairs.interleaved(_takers(effort, seconds), effort.times(20))
    found = []
    for other in ("torch.utils.benchmark", "pyperf"):
        ratio = pairs.ratios(taken["tierbench"], taken[other])
        plain = result.of(ITEM, f"tierbench's median over that of {other}", ratio, "×")
        found.append(replace(plain, target=TARGET, met=agrees(ratio)))
    typical = median(taken["tierbench"])
    found.append(Result(ITEM, "the function that was timed", typical * 1e3, "ms"))
    return found


def agrees(ratio: Summary) -> bool:
    """Whether the interval meets the band and is narrow enough to say so."""
    if ratio.low is None or ratio.high is None:
        return False
    return ratio.low <= BAND[1] and ratio.high >= BAND[0] and ratio.high - ratio.low < WIDTH


def _takers(effort: Effort, seconds: float) -> dict[str, Callable[[], float]]:
    trials = Trials(effort.folder / "cache")
    timing = trial(ROWS, "timing", Pace(budget_seconds=seconds, precision=1e-9))
    trials.prepare(timing)

    def tierbench() -> float:
        latency = trials.run(timing).find("latency", "timed")
        assert latency is not None
        return median(latency.values)

    def torch() -> float:
        return float(call(sys.executable, BARE / "torch_benchmark.py", ROWS, calls, **ONE_THREAD))

    def pyperf() -> float:
        asked = ("--worker", "--loops", 1, "--warmups", 10, "--values", calls)
        return float(call(sys.executable, BARE / "pyperf_worker.py", ROWS, *asked, **ONE_THREAD))

    calls = max(10, round(seconds / tierbench()))
    return {"tierbench": tierbench, "torch.utils.benchmark": torch, "pyperf": pyperf}
