"""The largest rate that is kept: bracket it, then halve the bracket to a stated precision. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable

MOST_TRIES = 16
MOST_FALLS = 5
"""So many halvings below the first rate and none kept: no rate is."""


class Bracket:
    """What is known so far: ``kept`` is the largest rate that was, ``missed`` the least above it that was not."""

    def __init__(self, precision: float) -> None:
        self.precision = precision
        self.kept: float | None = None
        self.missed: float | None = None
        self._falls = 0

    def learn(self, rate: float, kept: bool) -> None:
        """Take in how ``rate`` went."""
        if kept:
            self.kept = rate if self.kept is None else max(self.kept, rate)
            return
        self.missed = rate if self.missed is None else min(self.missed, rate)
        self._falls += self.kept is None

    @property
    def precise(self) -> bool:
        """Whether the rate kept and the one missed are as near each other as asked."""
        if self.kept is None or self.missed is None:
            return False
        return self.missed <= self.kept * (1 + self.precision)

    @property
    def hopeless(self) -> bool:
        """Whether not even a very low rate was kept."""
        return self.kept is None and self._falls > MOST_FALLS

    def next(self) -> float:
        """The rate to try next: half or double until both sides are known, then their geometric mean."""
        if self.kept is None or self.missed is None:
            return self.missed / 2 if self.missed is not None else (self.kept or 0.0) * 2
        return math.sqrt(self.kept * self.missed)


def largest(keeps: Callable[[float], bool], start: float, precision: float, more: Callable[[], bool]) -> Bracket:
    """Try rates from ``start`` on until the bracket is as narrow as ``precision`` (a fraction), or no ``more``."""
    bracket, rate = Bracket(precision), start
    for _ in range(MOST_TRIES):
        bracket.learn(rate, keeps(rate))
        if bracket.precise or bracket.hopeless or not more():
            break
        rate = bracket.next()
    return bracket
