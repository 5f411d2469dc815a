"""The rows of a plot: their labels, whole, and the room that these take."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from harness.view.charts import Label
from harness.view.scene import Line

CHARACTER = 6.9
"""The width of a letter in a row's label, generous: fonts differ."""
GAP, LEAST = 18.0, 90.0
ONE_LINE, TWO_LINES = 22.0, 32.0


class Rows(Struct, frozen=True):
    """Rows below each other; the axis stands at ``bottom``."""

    labels: tuple[Label, ...]
    bottom: float


def margin(lines: Sequence[Line]) -> float:
    """Where the plot's own area begins, so that the longest label stands before it."""
    longest = max(len(part) for line in lines for part in line.label)
    return round(max(LEAST, longest * CHARACTER + GAP))


def stacked(lines: Sequence[Line], top: float) -> Rows:
    """The rows of ``lines`` from ``top`` on."""
    height = TWO_LINES if any(len(line.label) > 1 for line in lines) else ONE_LINE
    labels = tuple(
        Label(top + height * (k + 0.5), line.label, f"{line.name} {line.variant}".strip(), line.index)
        for k, line in enumerate(lines)
    )
    return Rows(labels, top + height * len(lines))
