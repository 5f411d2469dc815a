"""Errors of many guesses as one line of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.projection.folds import Guess


@dataclass(frozen=True)
class Line:
    """Relative errors of ``count`` guesses; coverage and width of their 90 % intervals, None where they have none."""

    label: str
    count: int
    median: float
    mean: float
    ninetieth: float
    worst: float
    coverage: float | None = None
    width: float | None = None

    def cells(self) -> tuple[str, ...]:
        """As the page shows them."""
        errors = (f"{100 * v:.1f} %" for v in (self.median, self.mean, self.ninetieth, self.worst))
        cover = "–" if self.coverage is None else f"{100 * self.coverage:.0f} %"
        width = "–" if self.width is None else f"× {self.width:.2f}"
        return (self.label, str(self.count), *errors, cover, width)


HEADINGS = ("", "guesses", "median error", "mean", "90th percentile", "worst", "90 % intervals hold", "their width")


def of_guesses(label: str, guesses: Sequence[Guess]) -> Line:
    """Of guesses with intervals."""
    line = of_errors(label, [g.error for g in guesses])
    coverage = float(np.mean([g.within for g in guesses]))
    width = float(np.median([g.width for g in guesses]))
    return Line(**{**line.__dict__, "coverage": coverage, "width": width})


def of_errors(label: str, errors: Sequence[float]) -> Line:
    """Of bare errors."""
    values = np.array(errors)
    quantile = float(np.quantile(values, 0.9))
    return Line(label, len(values), float(np.median(values)), float(values.mean()), quantile, float(values.max()))
