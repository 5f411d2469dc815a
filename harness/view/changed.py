"""Section 5: what changed since a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.compare import QUERY_TAIL, THROUGHPUT, Comparison, Comparisons, Side
from harness.model.load import LARGEST_QPS, SAMPLES_PER_SECOND
from harness.model.measure import GPU_RESERVED, LATENCY, STEP_ENERGY, TREE_PEAK
from harness.verdict import joined
from harness.view.changes import FIT, by_case, headline
from harness.view.compared import Changed, EndChange, Incomparable
from harness.view.forest import forest, reasons, worst
from harness.view.names import when
from harness.view.scene import Scene, Spot
from harness.view.words import fit

METRICS = {
    LATENCY.id: "Latency",
    THROUGHPUT: "Throughput",
    QUERY_TAIL: "Tail latency",
    LARGEST_QPS.id: "Largest rate that keeps the deadline",
    SAMPLES_PER_SECOND.id: "Throughput at the fastest batch",
    TREE_PEAK.id: "Peak memory",
    GPU_RESERVED.id: "Peak GPU memory",
    STEP_ENERGY.id: "Energy per step",
}
_NOT_ALWAYS = {GPU_RESERVED.id, THROUGHPUT, QUERY_TAIL, LARGEST_QPS.id, SAMPLES_PER_SECOND.id}
"""What a run need not have, and is not missed."""
NAMED = 12
HOW_TO_READ = (
    "Each row is this run over its baseline, with a 95 % interval. Inside the grey band a change does not count: "
    "slower, faster and the like are said only where the whole interval lies outside."
)
INSIST = "--insist compares all the same"
NO_FLOOR = "How far equal code differs from itself on this machine is not known: tierbench doctor --noise measures it."
_ENDS = ("regressed", "improved", "inconclusive")

_Rows = Mapping[str, list[tuple[Spot, Comparison]]]


def changed(scene: Scene, comparisons: Comparisons) -> Changed:
    """The whole section."""
    rows = _by_metric(scene, comparisons)
    return Changed(
        run_id=comparisons.baseline.run_id,
        summary=headline(scene, by_case(comparisons)),
        notes=tuple(_notes(comparisons, rows)),
        ends=tuple(_ends(rows.get(FIT, []))),
        forests=tuple(forest(metric, title, rows[metric]) for metric, title in METRICS.items() if metric in rows),
        incomparable=tuple(_incomparable(scene, comparisons)),
        data=comparisons.rows,
    )


def lead(scene: Scene, comparisons: Comparisons) -> Iterator[str]:
    """For the top of the page: with what it was compared, or why not; the largest regression; what is inconclusive."""
    named = side(comparisons.baseline)
    refused = "; ".join(comparisons.refused)
    if refused and not comparisons.insisted:
        yield f"Not compared with {named}: {refused} ({INSIST})."
        return
    rows = _by_metric(scene, comparisons)
    worse = worst({title: rows[metric] for metric, title in METRICS.items() if metric in rows})
    although = f", although {refused}" if refused else ""
    yield " ".join(part for part in (f"Compared with {named}{although}.", worse) if part)
    yield from (f"Latency: {sentence}" for sentence in reasons(rows.get(LATENCY.id, [])))


def side(run: Side) -> str:
    """``run 2026-11-22T021400-dead of 22 Nov 2026, 02:14 UTC``."""
    return f"run {run.run_id} of {when(run.created)}"


def _by_metric(scene: Scene, comparisons: Comparisons) -> _Rows:
    """What could be compared, by metric."""
    spots = {spot.facts.case.id: spot for spot in scene.spots.values()}
    found: dict[str, list[tuple[Spot, Comparison]]] = {}
    for rows in by_case(comparisons).values():
        for row in rows:
            if row.case_id in spots and row.verdict != "not_comparable" and not _says_the_same(row, rows):
                found.setdefault(row.metric, []).append((spots[row.case_id], row))
    return found


def _says_the_same(row: Comparison, rows: Sequence[Comparison]) -> bool:
    """Whether a throughput says no more than the latency of its case, whose row is enough then."""
    return row.metric == THROUGHPUT and any(r.metric == LATENCY.id and r.verdict == row.verdict for r in rows)


def _ends(rows: Sequence[tuple[Spot, Comparison]]) -> list[EndChange]:
    told = [(spot, row) for spot, row in rows if row.verdict in _ENDS]
    return [_end(*found) for found in sorted(told, key=lambda found: _ENDS.index(found[1].verdict))]


def _end(spot: Spot, row: Comparison) -> EndChange:
    line, now = spot.line, fit(spot.facts, spot.judged)
    return EndChange(
        row=line.index,
        anchor=line.anchor,
        name=" · ".join(part for part in (line.name, line.variant) if part),
        tier=spot.tier.index,
        where=spot.tier.short,
        colour=spot.tier.colour,
        verdict=row.verdict,
        words=row.words,
        detail=row.reason or now.detail,
        provenance=now.provenance,
    )


def _incomparable(scene: Scene, comparisons: Comparisons) -> Iterator[Incomparable]:
    """Cases by reason, each once; those of runs that are not comparable at all are not named."""
    spots = {spot.facts.case.id: spot for spot in scene.spots.values()}
    reasons: dict[str, dict[str, None]] = {}
    for rows in by_case(comparisons).values():
        for row in rows:
            if row.verdict == "not_comparable" and (spot := spots.get(row.case_id)):
                reasons.setdefault(row.reason, {})[f"{spot.line.name} on {spot.tier.short}"] = None
    for reason, cases in reasons.items():
        if reason in comparisons.refused:
            yield Incomparable(f"{'; '.join(comparisons.refused)} ({INSIST})", len(cases), (), 0)
        else:
            names = list(cases)
            yield Incomparable(reason, len(names), tuple(names[:NAMED]), max(0, len(names) - NAMED))


def _notes(comparisons: Comparisons, rows: _Rows) -> Iterator[str]:
    """What is to be known of the two runs, and what of them was not compared."""
    if comparisons.insisted:
        yield from (f"Compared all the same: {sentence}." for sentence in comparisons.refused)
    yield from (f"{sentence[0].upper()}{sentence[1:]}." for sentence in comparisons.notes)
    said = " ".join(_about(rows))
    if said:
        yield said


def _about(rows: _Rows) -> Iterator[str]:
    """How many cases were compared, by what, and how to read it."""
    ended = rows.get(FIT, [])
    if ended:
        same = sum(row.verdict == "no_change" for _, row in ended)
        yield f"Of {len(ended)} cases that were tried, {same} ended as in the baseline."
    lacking = [title.lower() for metric, title in METRICS.items() if metric not in {*rows, *_NOT_ALWAYS}]
    if ended and lacking:
        yield f"Not compared, for want of a figure in both runs: {joined(lacking)}."
    ratios = [row for metric in METRICS for _, row in rows.get(metric, ())]
    if ratios:
        yield HOW_TO_READ
        if all(row.floor is None for row in ratios):
            yield NO_FLOOR
