"""Multi stream: queries of several samples, the next one issued as soon as the last is done; each query timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from harness.model.load import QUERY_LATENCY, Load
from harness.model.measure import Measurement
from harness.scenarios.rounds import Rounds

NAME = "multi_stream"
MOST_QUERIES = 50_000

Round = tuple[int, int]


@dataclass(frozen=True)
class MultiStream:
    """Issues queries of ``steps`` steps. ``clock`` is in nanoseconds and can be replaced in tests."""

    step: Callable[[], Any]
    load: Load
    steps: int = 1
    clock: Callable[[], int] = perf_counter_ns

    def measure(self) -> list[Round]:
        """Queries as (start, end), until there are enough of them and the least time is over, or the most time is."""
        clock, step, load = self.clock, self.step, self.load
        began = clock()
        least, most = (began + int(s * 1e9) for s in (load.min_duration, load.max_duration))
        queries = Rounds()
        while len(queries) < MOST_QUERIES:
            start = clock()
            for _ in range(self.steps):
                step()
            end = clock()
            queries.add(start, end)
            if end >= most or (end >= least and len(queries) >= load.min_query_count):
                break
        return queries.pairs()


def measurements(queries: Sequence[Round]) -> tuple[Measurement, ...]:
    """The latency of each query, in seconds."""
    return (Measurement(QUERY_LATENCY, "timed", "measured", tuple((end - start) / 1e9 for start, end in queries)),)
