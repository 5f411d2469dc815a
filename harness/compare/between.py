"""From two runs to Comparisons. Pure.

A change is called one only where the whole interval clears the metric's threshold and the difference stands among all
the others of the comparison (false discoveries held at 5 %). From fits to does not fit is always a regression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from harness import stats
from harness.compare.comparable import case_refusal, notes, one_sided, refusals, unsound
from harness.compare.fit import fit_verdict
from harness.compare.kinds import KINDS, Kind
from harness.compare.result import Comparison, Comparisons, Side
from harness.model.outcome import Outcome, name_of
from harness.model.record import Manifest, Run
from harness.verdict import CaseFacts, gather

_BOUNDS = {"upper": "an upper bound", "lower": "a lower bound", None: "exact"}
INCONCLUSIVE_WIDTH = 4
"""An interval this many thresholds wide could hide a change worth knowing of."""


def compare(
    baseline: Run, candidate: Run, *, insist: bool = False, floors: Mapping[str, float] | None = None
) -> Comparisons:
    """Every case both runs have, metric by metric.

    ``floors`` are this machine's noise floors, a fraction a metric id: a threshold is never below them. With ``insist``
    runs that are not comparable are compared all the same, and why they are not is kept in ``refused``.
    """
    refused = refusals(baseline.manifest.environment, candidate.manifest.environment)
    before = {facts.case.id: facts for facts in gather(baseline)}
    after = {facts.case.id: facts for facts in gather(candidate)}
    rows: list[Comparison] = []
    for case_id in before:
        if case_id in after:
            why = case_refusal(before[case_id], after[case_id]) or (None if insist or not refused else refused[0])
            rows += _rows(before[case_id], after[case_id], why, floors or {})
    said = [
        *notes(baseline.manifest, candidate.manifest),
        *one_sided(set(before), {i: f.case for i, f in after.items()}),
        *unsound(baseline, "baseline"),
        *unsound(candidate, "candidate"),
    ]
    return Comparisons(
        _side(baseline.manifest),
        _side(candidate.manifest),
        tuple(_controlled(rows)),
        tuple(refused),
        tuple(said),
        insist,
    )


def _side(manifest: Manifest) -> Side:
    environment = manifest.environment
    return Side(manifest.run_id, manifest.created, environment.git_commit, environment.git_dirty)


def _rows(before: CaseFacts, after: CaseFacts, why: str | None, floors: Mapping[str, float]) -> list[Comparison]:
    rows = [_fit(before, after, why)]
    if before.on_host:
        rows += [row for kind in KINDS if (row := _figures(kind, before, after, why, floors)) is not None]
    return rows


def _fit(before: CaseFacts, after: CaseFacts, why: str | None) -> Comparison:
    verdict, words, reason = fit_verdict(before.outcome, after.outcome)
    row = replace(
        _blank(before, "fit", "1"),
        verdict=verdict,
        words=words,
        reason=reason,
        baseline_outcome=_name(before.outcome),
        candidate_outcome=_name(after.outcome),
    )
    return row if why is None else _refused(row, why)


def _refused(row: Comparison, why: str) -> Comparison:
    return replace(row, verdict="not_comparable", words="not comparable", reason=why)


def _name(outcome: Outcome | None) -> str:
    return "" if outcome is None else name_of(outcome)


def _blank(facts: CaseFacts, metric: str, unit: str) -> Comparison:
    case = facts.case
    return Comparison(case.id, case.workload.id, case.tier, metric, unit, "inconclusive", "inconclusive")


def _figures(
    kind: Kind, before: CaseFacts, after: CaseFacts, why: str | None, floors: Mapping[str, float]
) -> Comparison | None:
    kind = _steadiest(kind, before, after)
    a, b, in_turn = _sides(kind, before, after)
    if not a or not b:
        return None
    row = replace(
        _blank(before, kind.named or kind.metric, kind.unit),
        baseline=stats.median(a),
        candidate=stats.median(b),
        baseline_processes=len(a),
        candidate_processes=len(b),
    )
    why = why or _bounds_differ(kind, before, after)
    if why is not None:
        return _refused(row, why)
    if min(a + b) <= 0:
        return replace(row, reason="a figure at or below 0 has no ratio")
    ratio = stats.paired_ratio(a, b) if in_turn else stats.unpaired_ratio(a, b)
    floor = floors.get(kind.named, floors.get(kind.metric))
    threshold = max(kind.threshold.relative, floor or 0.0, kind.threshold.absolute / stats.median(a))
    row = replace(row, ratio=ratio.value, low=ratio.low, high=ratio.high, p=ratio.p, method=ratio.method)
    return _judged(replace(row, threshold=threshold, floor=floor), kind)


def _bounds_differ(kind: Kind, before: CaseFacts, after: CaseFacts) -> str | None:
    """Why figures of which only some are bounds cannot be compared; None where both sides are alike."""
    one, other = kind.bounds(before), kind.bounds(after)
    if one == other:
        return None
    words = [" or ".join(sorted(_BOUNDS[bound] for bound in side)) for side in (one, other)]
    return f"the baseline's figure is {words[0]}, the candidate's is {words[1]}"


def _steadiest(kind: Kind, before: CaseFacts, after: CaseFacts) -> Kind:
    """The kind by its steadier records, where both runs have the figure in them."""
    steady = replace(kind, records=kind.steadier)
    return steady if steady.taken(before) and steady.taken(after) else kind


def _sides(kind: Kind, before: CaseFacts, after: CaseFacts) -> tuple[list[float], list[float], bool]:
    """The figures of both sides in the order of their starts, and whether they were taken turn and turn about.

    Only then do pairs share the machine's state. A process without a figure has no part in it.
    """
    a, b = sorted(kind.taken(before)), sorted(kind.taken(after))
    order = sorted([(started, "a") for started, _ in a] + [(started, "b") for started, _ in b])
    pairs = [{side for _, side in order[k : k + 2]} for k in range(0, len(order), 2)]
    return [v for _, v in a], [v for _, v in b], len(a) == len(b) and all(pair == {"a", "b"} for pair in pairs)


def _judged(row: Comparison, kind: Kind) -> Comparison:
    if row.low is None or row.high is None or row.threshold is None:
        return replace(row, reason=f"one process on a side says nothing of how processes differ: {kind.alone}")
    more, less = row.low > 1 + row.threshold, row.high < 1 / (1 + row.threshold)
    if more or less:
        worse = less if kind.higher else more
        return replace(row, verdict="regressed" if worse else "improved", words=kind.worse if worse else kind.better)
    if row.high / row.low > (1 + row.threshold) ** INCONCLUSIVE_WIDTH:
        return replace(row, reason="the interval is too wide to exclude a change that matters: run more processes")
    return replace(row, verdict="no_change", words="no change detected")


def _controlled(rows: Sequence[Comparison]) -> list[Comparison]:
    """Differences that would not stand among so many comparisons are taken back."""
    tested = [i for i, row in enumerate(rows) if row.p is not None and row.verdict != "not_comparable"]
    stands = dict(zip(tested, stats.false_discoveries([rows[i].p or 0.0 for i in tested]), strict=True))
    return [_kept(row, stands.get(i, True)) for i, row in enumerate(rows)]


def _kept(row: Comparison, stands: bool) -> Comparison:
    if stands or row.verdict not in {"regressed", "improved"}:
        return row
    reason = "so large a difference is to be expected by chance among this many comparisons"
    return replace(row, verdict="no_change", words="no change detected", reason=reason)
