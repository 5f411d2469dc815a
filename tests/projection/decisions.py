"""Are decisions that rest on a projection right: which board is faster, and does it keep a deadline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import erfc, log, sqrt

from tests.projection.folds import Guess

APART = 1.5
DEADLINES = (0.033, 0.1, 0.3)
SURE = 0.95


@dataclass(frozen=True)
class Right:
    """So many decisions of so many were right."""

    right: int
    of: int

    @property
    def share(self) -> float:
        return self.right / self.of if self.of else float("nan")


def ordered(guesses: Sequence[Guess]) -> Right:
    """Of pairs of boards that are truly ``APART`` for a model: how many the medians put in the right order."""
    by_model: dict[str, dict[str, Guess]] = defaultdict(dict)
    for guess in guesses:
        by_model[guess.row.model].setdefault(f"{guess.row.device} {guess.row.setting}", guess)
    right = total = 0
    for found in by_model.values():
        for a, b in combinations(found.values(), 2):
            if a.row.device != b.row.device and abs(a.truth - b.truth) >= log(APART):
                total += 1
                right += (a.mean > b.mean) == (a.truth > b.truth)
    return Right(right, total)


def deadlines(guesses: Sequence[Guess], sure: bool) -> Right:
    """Of judgements on ``DEADLINES``: how many were right; ``sure``: only where the probability was 0.95 or more."""
    right = total = 0
    for guess in guesses:
        for due in DEADLINES:
            chance = 0.5 * erfc(-(log(due) - guess.mean) / guess.deviation / sqrt(2))
            if not sure or max(chance, 1 - chance) >= SURE:
                total += 1
                right += (chance >= 0.5) == (guess.truth <= log(due))
    return Right(right, total)
