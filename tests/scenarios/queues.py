"""A queue whose truth is known: Poisson arrivals, one server, each query served in the same time (M/D/1)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from harness.model.load import Load
from harness.scenarios.server import Server
from harness.scenarios.waiting import SPIN_NS
from harness.testing import FakeClock

SECOND = 1_000_000_000


def mean_wait(rate: float, service: float) -> float:
    """Seconds that a query waits on average, by Pollaczek and Khinchine."""
    utilisation = rate * service
    return utilisation * service / (2 * (1 - utilisation))


def within(seconds: float, rate: float, service: float) -> float:
    """Share of the queries that are done within ``seconds`` of their arrival, by Erlang's formula for M/D/1."""
    wait = seconds - service
    if wait < 0:
        return 0.0
    terms = []
    for k in range(int(wait / service) + 1):
        rest = rate * (wait - k * service)
        terms.append((-rest) ** k / math.factorial(k) * math.exp(rest))
    return (1 - rate * service) * math.fsum(terms)


def largest_rate(deadline: float, service: float, share: float) -> float:
    """The rate at which exactly ``share`` of the queries keep the deadline."""
    low, high = 0.0, 1 / service
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if within(deadline, middle, service) >= share else (low, middle)
    return low


@dataclass
class Queue:
    """A system that takes ``service`` seconds for each query, on a clock of its own."""

    service: float
    clock: FakeClock = field(default_factory=lambda: FakeClock(tick=100))
    slept: list[float] = field(default_factory=list)

    def step(self) -> None:
        self.clock.advance(round(self.service * SECOND))

    def sleep(self, seconds: float) -> None:
        """Ends at the moment waited for, so that nothing is spun."""
        self.slept.append(seconds)
        self.clock.advance(round(seconds * SECOND) + SPIN_NS)

    def server(self, load: Load, seed: str = "0:0") -> Server:
        return Server(self.step, load, seed, self.clock, self.sleep)
