"""Section 5, one metric: its ratios with their intervals on a log axis, worst first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.compare import Comparison, Verdict
from harness.model.units import show_percent
from harness.stats import median
from harness.verdict import joined
from harness.view.changes import before_and_now, change, interval, said
from harness.view.compared import ChangeGroup, ChangeRow, Forest
from harness.view.scale import Axis, ratio_ticks
from harness.view.scene import Spot

FEW = 20
"""Up to so many rows, none is folded away."""
LEAST_BAND = 0.01
FOLDED: dict[Verdict, str] = {"inconclusive": "inconclusive", "no_change": "without a change"}
_ORDER: tuple[Verdict, ...] = ("regressed", "improved", "inconclusive", "no_change")
_QUIET: tuple[Verdict, ...] = ("inconclusive", "no_change")

_Row = tuple[Spot, Comparison]


def forest(metric: str, title: str, found: Sequence[_Row]) -> Forest:
    """The picture of one metric: ``found`` has at least one row."""
    rows = sorted(found, key=_rank)
    axis = ratio_axis([row for _, row in rows])
    return Forest(
        metric=metric,
        title=title,
        name=_finding(title, rows),
        note=_note([row for _, row in rows]),
        reasons=tuple(reasons(rows)),
        several=len({spot.tier.index for spot, _ in rows}) > 1,
        ticks=ratio_ticks(axis),
        groups=tuple(_groups(axis, rows)),
    )


def _rank(found: _Row) -> tuple[int, float]:
    row = found[1]
    size = math.log(row.ratio or 1.0)
    return _ORDER.index(row.verdict), -size if row.verdict in _QUIET else -abs(size)


def ratio_axis(rows: Sequence[Comparison]) -> Axis:
    """From 0 to 100: every ratio, a usual band, and intervals up to twice as far as these; beyond that they are cut."""
    band = 1 + median([row.threshold or LEAST_BAND for row in rows])
    points = [band**-1.5, band**1.5, *(row.ratio for row in rows if row.ratio is not None)]
    low, high = min(points), max(points)
    lows = [max(row.low, low**2) for row in rows if row.low is not None]
    highs = [min(row.high, high**2) for row in rows if row.high is not None]
    low, high = min([low, *lows]), max([high, *highs])
    room = (high / low) ** 0.04
    return Axis(low / room, high * room, 0.0, 100.0, log=True)


def _groups(axis: Axis, rows: Sequence[_Row]) -> list[ChangeGroup]:
    """What changed first; where there are many rows, each kind of those without a change is folded away."""
    folded = _QUIET if len(rows) > FEW else ()
    shown = [_row(axis, *found) for found in rows if found[1].verdict not in folded]
    groups = [ChangeGroup("", tuple(shown))] if shown else []
    for verdict in folded:
        if alike := [_row(axis, *found) for found in rows if found[1].verdict == verdict]:
            groups.append(ChangeGroup(f"{len(alike):,} {FOLDED[verdict]}", tuple(alike)))
    return groups


def _row(axis: Axis, spot: Spot, row: Comparison) -> ChangeRow:
    line, threshold = spot.line, 1 + (row.threshold or 0)
    start, end = axis.place(1 / threshold), axis.place(threshold)
    return ChangeRow(
        row=line.index,
        anchor=line.anchor,
        name=" · ".join(part for part in (line.name, line.variant) if part),
        tier=spot.tier.index,
        where=spot.tier.short,
        colour=spot.tier.colour,
        verdict=row.verdict,
        change=change(row),
        interval=interval(row),
        words=row.words,
        figures=before_and_now(row),
        note=row.reason if row.verdict == "no_change" else "",
        band=(start, round(end - start, 1)),
        x=None if row.ratio is None else axis.place(row.ratio),
        low=None if row.low is None else axis.place(row.low),
        high=None if row.high is None else axis.place(row.high),
        beyond=((row.low or 1.0) < axis.low, (row.high or 1.0) > axis.high),
    )


def _finding(title: str, rows: Sequence[_Row]) -> str:
    """E.g. ``Latency against the baseline: 2 of 14 slower, most of all w by +14.0 %; 12 no change detected.``"""
    groups: dict[str, list[_Row]] = {}
    for found in rows:
        groups.setdefault(found[1].words, []).append(found)
    parts = [f"{len(members)} {words}{_most(members[0])}" for words, members in groups.items()]
    return f"{title} against the baseline, {len(rows)} in all: {'; '.join(parts)}."


def _most(found: _Row) -> str:
    spot, row = found
    return (
        f", most of all {spot.line.name} on {spot.tier.short} with {change(row)}" if row.verdict not in _QUIET else ""
    )


def _note(rows: Sequence[Comparison]) -> str:
    """What the ratios stand on, and how wide the grey band is."""
    fewest, most = min(map(_fewest, rows)), max(max(r.baseline_processes, r.candidate_processes) for r in rows)
    number = str(fewest) if fewest == most else f"{fewest} to {most}"
    methods = joined(list(dict.fromkeys(row.method for row in rows if row.low is not None)))
    how = f"; intervals: {methods}" if methods else ""
    return f"{number} {'process' if most == 1 else 'processes'} a side{how}.{_band(rows)}"


def _fewest(row: Comparison) -> int:
    return min(row.baseline_processes, row.candidate_processes)


def _band(rows: Sequence[Comparison]) -> str:
    limits = [row.threshold for row in rows if row.threshold is not None]
    if not limits:
        return ""
    least, most = show_percent(min(limits)), show_percent(max(limits))
    floor = max((row.floor for row in rows if row.floor is not None), default=None)
    known = "" if floor is None else f", this machine's noise floor of {show_percent(floor)} included"
    return f" Grey band: {least if least == most else f'{least} to {most} by row'}{known}."


def reasons(rows: Sequence[_Row]) -> list[str]:
    """Why rows are inconclusive, with how many it is said of."""
    found: dict[str, int] = {}
    for _, row in rows:
        if row.verdict == "inconclusive":
            found[row.reason] = found.get(row.reason, 0) + 1
    return [f"{count:,} inconclusive: {reason}." for reason, count in found.items()]


def worst(found: Mapping[str, Sequence[_Row]]) -> str:
    """The largest regression of the first metric that has one, in words; empty where nothing got worse."""
    for title, rows in found.items():
        worse = sorted((f for f in rows if f[1].verdict == "regressed"), key=_rank)
        if worse:
            spot, row = worse[0]
            return f"Most of all {spot.line.name} on the {spot.tier.short}, {title.lower()}: {said(row)}."
    return ""
