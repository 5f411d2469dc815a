"""Server: queries of one sample at random times, a mean rate apart; one is served at a time, the others wait in line.

A query's latency counts from its scheduled arrival, whether or not the line was served by then: an overloaded system
shows it. Definitions, names and the verdict on a try are MLPerf's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from harness.model.load import (
    LARGEST_QPS,
    MISSED_QPS,
    OVERLATENCY,
    QUERY_COUNT,
    QUERY_LATENCY,
    TARGET_QPS,
    VALIDITY,
    Load,
)
from harness.model.measure import Measurement
from harness.model.units import show
from harness.scenarios.arrivals import arrivals
from harness.scenarios.search import Bracket, largest
from harness.scenarios.waiting import wait_until
from harness.stats import early_stopping
from harness.stats.early_stopping import Verdict, most_over
from harness.stats.stopping import median

NAME = "server"
FIRST_SHARE = 0.5
"""The first rate to try, as a share of what the system can do without a pause."""
MOST_TIMES = 2
"""A try that is undecided goes on up to so many times the queries that it needs."""
GROWTH = 1.5
"""It is looked at again when there are so many times as many: to look after each query would find luck."""
MOST_QUERIES = 50_000
NO_UPPER = "every rate that was tried was valid"
_LEAD_NS = 1_000_000
_AS_NUMBER: dict[Verdict, float] = {"valid": 1.0, "invalid": -1.0, "undecided": 0.0}


@dataclass(frozen=True)
class Query:
    """When a query was scheduled to arrive, when it was begun and when it was done, in ns."""

    scheduled: int
    began: int
    done: int

    @property
    def latency(self) -> float:
        """Seconds from the scheduled arrival to the end."""
        return (self.done - self.scheduled) / 1e9


@dataclass(frozen=True)
class Try:
    """One rate (queries a second), how it went, and what says so."""

    target_qps: float
    verdict: Verdict
    queries: tuple[Query, ...]
    over: int


@dataclass(frozen=True)
class Found:
    """All tries in their order, and the bracket of the search; ``bracket`` None where one rate was asked for."""

    tries: tuple[Try, ...]
    bracket: Bracket | None = None

    @property
    def told(self) -> Try:
        """The try to report: the largest rate that was valid, or else the last one."""
        kept = self.bracket.kept if self.bracket else None
        return next((t for t in self.tries if t.target_qps == kept), self.tries[-1])


@dataclass(frozen=True)
class Server:
    """Serves queries with ``step``. The clock, in ns, the sleep and the schedule can be replaced in tests."""

    step: Callable[[], Any]
    load: Load
    seed: str
    clock: Callable[[], int] = perf_counter_ns
    sleep: Callable[[float], None] = time.sleep
    schedule: Callable[[float, int, str], Sequence[int]] = arrivals

    def measure(self, typical_ns: float) -> Found:
        """Try the rate that was asked for, or search for the largest; a step takes about ``typical_ns``."""
        until = self.clock() + int(self.load.max_duration * 1e9)
        if self.load.target_qps is not None:
            return Found((self.at(self.load.target_qps, until),))
        tries: list[Try] = []

        def keeps(rate: float) -> bool:
            tries.append(self.at(rate, until))
            return tries[-1].verdict == "valid"

        def more() -> bool:
            return self.clock() < until and not self._too_slow_alone(tries[-1])

        start = FIRST_SHARE * 1e9 / max(1.0, typical_ns)
        bracket = largest(keeps, start, self.load.precision, more)
        return Found(tuple(tries), bracket)

    def at(self, rate: float, until: int) -> Try:
        """Send queries at ``rate`` until the verdict stands, there are too many, or the clock is at ``until``."""
        least = min(max(self.load.min_query_count, round(rate * self.load.min_duration)), MOST_QUERIES)
        most = min(MOST_TIMES * least, MOST_QUERIES)
        percentile = self.load.target_latency_percentile
        allowed = max(0, most_over(most, percentile))
        schedule = self.schedule(rate, most, self.seed)
        start, look, over = self.clock() + _LEAD_NS, least, 0
        queries: list[Query] = []
        for time_ns in schedule:
            queries.append(self._serve(start + time_ns))
            over += self._is_over(queries[-1].latency)
            if over > allowed or queries[-1].done >= until:
                break
            if len(queries) == look:
                if early_stopping.verdict(look, over, percentile) != "undecided":
                    break
                look = min(most, round(look * GROWTH))
        return Try(rate, self._verdict(len(queries), over, least), tuple(queries), over)

    def _serve(self, scheduled: int) -> Query:
        wait_until(scheduled, self.clock, self.sleep)
        began = self.clock()
        self.step()
        return Query(scheduled, began, self.clock())

    def _is_over(self, seconds: float) -> bool:
        target = self.load.target_latency
        return target is not None and seconds > target

    def _verdict(self, count: int, over: int, least: int) -> Verdict:
        """A try that ended before it had the queries it needs is not valid, however few were over."""
        found = early_stopping.verdict(count, over, self.load.target_latency_percentile)
        return "undecided" if found == "valid" and count < least else found

    def _too_slow_alone(self, one: Try) -> bool:
        """Whether the steps miss the latency without any line before them, so that no rate can keep it."""
        alone = sum(self._is_over((q.done - q.began) / 1e9) for q in one.queries)
        found = early_stopping.verdict(len(one.queries), alone, self.load.target_latency_percentile)
        return found == "invalid"


def measurements(found: Found, load: Load) -> tuple[Measurement, ...]:
    """Every try with all its queries' latencies, and the largest rate where one was searched for."""
    tries = found.tries
    rows = (
        (TARGET_QPS, [t.target_qps for t in tries]),
        (QUERY_COUNT, [float(len(t.queries)) for t in tries]),
        (OVERLATENCY, [float(t.over) for t in tries]),
        (VALIDITY, [_AS_NUMBER[t.verdict] for t in tries]),
    )
    told = [Measurement(metric, "timed", "measured", tuple(values)) for metric, values in rows]
    told += [_latencies(t, None if found.bracket is None else f"{t.target_qps:.6g} queries/s") for t in tries]
    return (*told, *(_bracket(found.bracket, tries, load) if found.bracket else ()))


def _latencies(one: Try, name: str | None) -> Measurement:
    return Measurement(QUERY_LATENCY, "timed", "measured", tuple(q.latency for q in one.queries), marks=name)


def _bracket(bracket: Bracket, tries: Sequence[Try], load: Load) -> tuple[Measurement, ...]:
    kept, missed = bracket.kept, bracket.missed
    none = f"no rate that was tried kept the deadline: {shortage(tries, load)}"
    return (
        Measurement(LARGEST_QPS, "timed", "measured", *(((kept,),) if kept is not None else ((), none))),
        Measurement(MISSED_QPS, "timed", "measured", *(((missed,),) if missed is not None else ((), NO_UPPER))),
    )


def shortage(tries: Sequence[Try], load: Load) -> str:
    """Why no try is valid: a step is too slow alone, there were too few queries, or the line was too long."""
    alone = median([(q.done - q.began) / 1e9 for q in tries[-1].queries])
    if load.target_latency is not None and alone > load.target_latency:
        return f"a step alone takes {show(alone, 's')}"
    if any(t.verdict == "invalid" for t in tries):
        return "too many queries took longer at each"
    most = max(len(t.queries) for t in tries)
    if most < load.min_query_count:
        return f"a verdict needs {load.min_query_count} queries, there were {most} in the time given"
    return "undecided by early stopping"
