"""The tiers' limits as lines across a plot of memory, each with its name at its upper end."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.units import show_bytes
from harness.verdict import joined
from harness.view.charts import LimitLine
from harness.view.names import without_target
from harness.view.report import Tier
from harness.view.scale import Axis

CHARACTER, PAD, LEVEL = 6.4, 5.0, 15.0
NAMED = 3
"""So many tiers of one limit are named on its line."""


def limit_lines(limits: Sequence[tuple[Tier, int]], axis: Axis, width: float) -> tuple[LimitLine, ...]:
    """A line for each distinct limit on the axis; names that would run into each other stand one above the other."""
    levels: list[list[tuple[float, float]]] = []
    found = []
    for limit, tiers in sorted(_shared(limits).items()):
        if limit > axis.high:
            continue
        text, x = f"{_named(tiers)} {show_bytes(limit)}", axis.place(limit)
        length = len(text) * CHARACTER + PAD
        before = x + length > width
        span = (x - length, x) if before else (x, x + length)
        level = _free(levels, span)
        title = f"{joined([t.name for t in tiers])}: {show_bytes(limit)}"
        found.append(LimitLine(x, LEVEL * (level + 1) - PAD, tiers[0].colour, text, before, title))
    return tuple(found)


def beyond(limits: Sequence[tuple[Tier, int]], axis: Axis) -> str:
    """E.g. ``Raspberry Pi 5 3.9 GiB and Host CPU 24 GiB``; empty where every limit is on the axis."""
    far = [(tiers, limit) for limit, tiers in sorted(_shared(limits).items()) if limit > axis.high]
    return joined([f"{_named(tiers)} {show_bytes(limit)}" for tiers, limit in far])


def _shared(limits: Sequence[tuple[Tier, int]]) -> dict[int, list[Tier]]:
    found: dict[int, list[Tier]] = {}
    for tier, limit in limits:
        found.setdefault(limit, []).append(tier)
    return found


def _named(tiers: Sequence[Tier]) -> str:
    names = list(dict.fromkeys(without_target(t) for t in tiers))
    more = len(names) - NAMED
    return joined([*names[:NAMED], f"{more} more"] if more > 0 else names)


def _free(levels: list[list[tuple[float, float]]], span: tuple[float, float]) -> int:
    """The first level with room for ``span``, which it takes."""
    for level, taken in enumerate([*levels, []]):
        if all(span[1] <= start or end <= span[0] for start, end in taken):
            if level == len(levels):
                levels.append([])
            levels[level].append(span)
            return level
    raise AssertionError("an empty level has room for anything")
