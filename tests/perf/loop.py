"""What the loop of timed rounds costs beside a bare loop around ``perf_counter_ns``, with a step that does nothing."""

from __future__ import annotations

from time import perf_counter_ns

from harness.model.case import Pace
from harness.scenarios.single_stream import SHORTEST_ROUND_NS, SingleStream
from harness.stats import median
from tests.perf import pairs, result
from tests.perf.effort import Effort
from tests.perf.result import Result

SECONDS = 0.005
"""So short that there are some thousand rounds: as many as a real trial has, since real rounds last a millisecond."""


def measure(effort: Effort) -> list[Result]:
    """Nanoseconds a round: those that stand in the sample, and those between samples, the stopping rule included."""
    ours, theirs = [], []
    for _ in range(effort.times(40, 5)):
        ours.append(_harness())
        theirs.append(_bare(ours[-1][2]))
    inside = pairs.differences([o[0] for o in ours], [t[0] for t in theirs])
    whole = pairs.differences([o[1] for o in ours], [t[1] for t in theirs])
    thousandth = SHORTEST_ROUND_NS / 1000
    return [
        result.of("loop", "added to the time of a round, a thousandth of the shortest", inside, "ns", 1, thousandth),
        result.of("loop", "added to the loop, a round, the stopping rule included", whole, "ns"),
    ]


def _nothing() -> None:
    return


def _harness() -> tuple[float, float, int]:
    """Time in a sample and time of the whole loop, in ns a round, and how many rounds there were."""
    stream = SingleStream(_nothing, Pace(budget_seconds=SECONDS, precision=-1.0))
    start = perf_counter_ns()
    rounds, _, _ = stream.measure(SHORTEST_ROUND_NS, batched=False)
    spent = perf_counter_ns() - start
    return median([end - begin for begin, end in rounds]), spent / len(rounds), len(rounds)


def _bare(count: int) -> tuple[float, float]:
    """The same of a loop that does nothing but take times."""
    clock, step = perf_counter_ns, _nothing
    samples = []
    start = clock()
    for _ in range(count):
        begin = clock()
        step()
        samples.append(clock() - begin)
    spent = clock() - start
    return median(samples), spent / count
