"""What changed since a baseline, case by case: what to filter by, how many, and all of it in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from harness.compare import QUERY_TAIL, THROUGHPUT, Comparison, Comparisons
from harness.model.load import LARGEST_QPS, SAMPLES_PER_SECOND
from harness.model.measure import GPU_RESERVED, LATENCY, STEP_ENERGY, TREE_PEAK
from harness.model.units import show
from harness.verdict import Count, article, joined
from harness.view.compared import Change
from harness.view.scene import Scene, Spot

FIT = "fit"
CHANGED = "changed"
_CALLED = {"regressed", "improved"}
_DIRECTIONS = {
    LATENCY.id: ("slower", "faster"),
    THROUGHPUT: ("slower", "faster"),
    QUERY_TAIL: ("slower", "faster"),
    LARGEST_QPS.id: ("lower_rate", "higher_rate"),
    SAMPLES_PER_SECOND.id: ("lower_rate", "higher_rate"),
    TREE_PEAK.id: ("more_memory", "less_memory"),
    GPU_RESERVED.id: ("more_memory", "less_memory"),
    STEP_ENERGY.id: ("more_energy", "less_energy"),
}
_QUIET = ("inconclusive", "not_comparable", "no_change")
"""What a case is where nothing of it changed: the first that any of its figures is."""


class _Kind(Struct, frozen=True):
    """One way to change: its count's label, and how a sentence says it of one workload and of several."""

    id: str
    label: str
    one: str
    many: str


_KINDS = (
    _Kind("fits_no_more", "fit no more", "no longer fits", "no longer fit"),
    _Kind("runs_no_more", "run no more", "no longer runs", "no longer run"),
    _Kind("slower", "slower", "got slower", "got slower"),
    _Kind("lower_rate", "have a lower rate", "has a lower rate", "have a lower rate"),
    _Kind("more_memory", "need more memory", "needs more memory", "need more memory"),
    _Kind("more_energy", "use more energy", "uses more energy", "use more energy"),
    _Kind("faster", "faster", "got faster", "got faster"),
    _Kind("higher_rate", "have a higher rate", "has a higher rate", "have a higher rate"),
    _Kind("less_memory", "need less memory", "needs less memory", "need less memory"),
    _Kind("less_energy", "use less energy", "uses less energy", "use less energy"),
    _Kind("fits_now", "fit now, not before", "now fits", "now fit"),
    _Kind("runs_now", "run now, not before", "now runs", "now run"),
)
_ALWAYS = {"slower", "faster"}
_QUIET_LABELS = {"no_change": "no change detected", "inconclusive": "inconclusive", "not_comparable": "not comparable"}
_FIT_KINDS = {"fits_no_more", "fits_now"}


def by_case(comparisons: Comparisons) -> dict[str, list[Comparison]]:
    """The rows of each case that was tried in either run."""
    found: dict[str, list[Comparison]] = {}
    for row in comparisons.rows:
        found.setdefault(row.case_id, []).append(row)
    return {case: rows for case, rows in found.items() if not all(map(_untried, rows))}


def _untried(row: Comparison) -> bool:
    return row.metric == FIT and {row.baseline_outcome, row.candidate_outcome} <= {"", "unsupported"}


def states(rows: Sequence[Comparison]) -> tuple[str, ...]:
    """Ids of the counts that a case belongs to.

    A run measures a case's energy in one process, so that its energy is always inconclusive: that is not held against
    the rest of the case.
    """
    kinds = dict.fromkeys(_kind_of(row) for row in rows if row.verdict in _CALLED)
    if kinds:
        return (CHANGED, *kinds)
    weighty = {row.verdict for row in rows if row.metric != STEP_ENERGY.id or row.verdict != "inconclusive"}
    return tuple(state for state in _QUIET if state in weighty)[:1]


def _kind_of(row: Comparison) -> str:
    worse = row.verdict == "regressed"
    if row.metric != FIT:
        return _DIRECTIONS[row.metric][0 if worse else 1]
    word = (
        "fits" if (row.candidate_outcome if worse else row.baseline_outcome) in {"does_not_fit", "thrashes"} else "runs"
    )
    return f"{word}_no_more" if worse else f"{word}_now"


def told(rows: Iterable[Comparison]) -> tuple[Change, ...]:
    """For a cell: only what got worse or better, e.g. ``+14.0 % [+12.1, +15.9] slower``."""
    return tuple(Change(row.verdict, said(row)) for row in rows if row.verdict in _CALLED)


def said(row: Comparison) -> str:
    """A verdict with its ratio and interval, as far as it has them."""
    return " ".join(part for part in (change(row), interval(row), row.words) if part)


def change(row: Comparison) -> str:
    """``+14.0 %``; empty without a ratio."""
    return "" if row.ratio is None else f"{signed(row.ratio)} %"


def interval(row: Comparison) -> str:
    """``[+12.1, +15.9]`` in percent; ``n=1`` where one process on a side gives none."""
    if row.low is None or row.high is None:
        fewest = min(row.baseline_processes, row.candidate_processes)
        return f"n={fewest}" if fewest else ""
    return f"[{signed(row.low)}, {signed(row.high)}]"


def signed(ratio: float) -> str:
    """A ratio as a change in percent, its sign with it: 1.14 is ``+14.0``."""
    percent = 100 * (ratio - 1)
    text = f"{percent:+.1f}" if abs(percent) < 100 else f"{percent:+,.0f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text


def before_and_now(row: Comparison) -> str:
    """``9.1 → 10.4 ms``: both figures, the unit once where it is the same."""
    if row.baseline is None or row.candidate is None:
        return ""
    (was, unit), (now, other) = (show(v, row.unit).rsplit(" ", 1) for v in (row.baseline, row.candidate))
    return f"{was} → {now} {other}" if unit == other else f"{was} {unit} → {now} {other}"


def counts(cases: Mapping[str, Sequence[Comparison]]) -> tuple[Count, ...]:
    """How many cases changed in which way; slower and faster are always there."""
    found = [state for rows in cases.values() for state in states(rows)]
    every = [(kind.id, kind.label) for kind in _KINDS] + [(state, _QUIET_LABELS[state]) for state in reversed(_QUIET)]
    tally = (Count(id_, found.count(id_), label) for id_, label in every)
    return tuple(count for count in tally if count.number or count.id in _ALWAYS)


def headline(scene: Scene, cases: Mapping[str, Sequence[Comparison]]) -> str:
    """All changes in one sentence, e.g. ``2 of 14 workloads got slower and 1 no longer fits a Raspberry Pi 5.``"""
    spots = [s for s in scene.spots.values() if s.facts.case.id in cases]
    if not spots:
        return "Nothing in common with its baseline."
    of = {s.facts.case.id: states(cases[s.facts.case.id]) for s in spots}
    total = len({s.line.index for s in spots})
    parts = [_part(scene, kind, found) for kind in _KINDS if (found := _with(kind.id, spots, of))]
    if not parts:
        return _nothing_changed(spots, of, total)
    (first, number), *rest = parts
    if total == 1:
        return joined([f"The only workload {first}", *(text for text, _ in rest)]) + "."
    return joined([f"{number} of {_workloads(total)} {first}", *(f"{n} {text}" for text, n in rest)]) + "."


def _with(state: str, spots: Iterable[Spot], of: Mapping[str, Sequence[str]]) -> list[Spot]:
    return [s for s in spots if state in of[s.facts.case.id]]


def _part(scene: Scene, kind: _Kind, found: Sequence[Spot]) -> tuple[str, int]:
    number = len({s.line.index for s in found})
    return (kind.one if number == 1 else kind.many) + _where(scene, kind, found), number


def _where(scene: Scene, kind: _Kind, found: Sequence[Spot]) -> str:
    """On which tier, where there could be doubt."""
    tiers = list(dict.fromkeys(s.tier.index for s in found))
    tier = scene.tiers[tiers[0]]
    if kind.id in _FIT_KINDS:
        one = article(tier.short) if tier.board else "this machine"
        return f" {one}" if len(tiers) == 1 else " a tier"
    doubt = tier.board or sum(not t.board for t in scene.tiers) > 1
    return f" on {article(tier.short) if tier.board else f'the {tier.short}'}" if doubt and len(tiers) == 1 else ""


def _nothing_changed(spots: Sequence[Spot], of: Mapping[str, Sequence[str]], total: int) -> str:
    tally = {state: len({s.line.index for s in _with(state, spots, of)}) for state in _QUIET}
    if tally["not_comparable"] == total:
        return "Not comparable with its baseline."
    if tally["inconclusive"] == total:
        return f"Whether {'the only workload' if total == 1 else f'any of {total} workloads'} changed is inconclusive."
    quiet = total - len({s.line.index for state in _QUIET[:2] for s in _with(state, spots, of)})
    rest = [f"{tally[state]} {'is' if tally[state] == 1 else 'are'} {_QUIET_LABELS[state]}" for state in _QUIET[:2]]
    rest = [text for text in rest if not text.startswith("0 ")]
    of_all = f"{quiet} of {_workloads(total)}" if rest else _workloads(total)
    return "; ".join([f"No change detected in {of_all}", *rest]) + "."


def _workloads(count: int) -> str:
    return f"{count} {'workload' if count == 1 else 'workloads'}"
