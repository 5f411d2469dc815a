"""From two runs to Comparisons. Pure.

A change is called one only where the whole interval clears the metric's threshold and the difference stands among all
the others of the comparison (false discoveries held at 5 %). From fits to does not fit is always a regression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from harness import stats
from harness.compare.comparable import case_refusal, notes, one_sided, refusals
from harness.compare.result import Comparison, Comparisons, Threshold, Verdict
from harness.model.measure import LATENCY, STEP_ENERGY, TREE_PEAK
from harness.model.outcome import Ok, Outcome, Unsupported, name_of
from harness.model.record import Record, Run
from harness.model.units import MIB
from harness.verdict import CaseFacts, gather

INCONCLUSIVE_WIDTH = 4
"""An interval this many thresholds wide could hide a change worth knowing of."""


class _Kind(Struct, frozen=True):
    """A metric as it is compared: which records, which measurement, how much matters, how it is said."""

    metric: str
    unit: str
    stage: str
    records: Callable[[CaseFacts], Sequence[Record]]
    threshold: Threshold
    worse: str
    better: str
    steadier: Callable[[CaseFacts], Sequence[Record]] = lambda _facts: ()
    """Records of a pass in which the figure repeats better, taken where both runs have them."""


KINDS = (
    _Kind(
        metric=LATENCY.id,
        unit="s",
        stage="timed",
        records=lambda facts: facts.work.timing,
        threshold=Threshold(0.05),
        worse="slower",
        better="faster",
    ),
    _Kind(
        metric=TREE_PEAK.id,
        unit="B",
        stage="trial",
        records=lambda facts: facts.work.need,
        steadier=lambda facts: facts.work.gate,
        threshold=Threshold(0.02, 4 * MIB),
        worse="needs more memory",
        better="needs less memory",
    ),
    _Kind(
        metric=STEP_ENERGY.id,
        unit="J",
        stage="timed",
        records=lambda facts: facts.work.energy,
        threshold=Threshold(0.05),
        worse="uses more energy",
        better="uses less energy",
    ),
)


def compare(
    baseline: Run, candidate: Run, *, insist: bool = False, floors: Mapping[str, float] | None = None
) -> Comparisons:
    """Every case both runs have, metric by metric.

    ``floors`` are this machine's noise floors, a fraction a metric id: a threshold is never below them. With ``insist``
    runs that are not comparable are compared all the same, and why they are not is kept in ``refused``.
    """
    refused = refusals(baseline.manifest, candidate.manifest)
    before = {facts.case.id: facts for facts in gather(baseline)}
    after = {facts.case.id: facts for facts in gather(candidate)}
    rows: list[Comparison] = []
    for case_id in before:
        if case_id in after:
            why = case_refusal(before[case_id], after[case_id]) or (None if insist or not refused else refused[0])
            rows += _rows(before[case_id], after[case_id], why, floors or {})
    said = notes(baseline.manifest, candidate.manifest) + one_sided(set(before), {i: f.case for i, f in after.items()})
    return Comparisons(
        baseline.manifest.run_id, candidate.manifest.run_id, tuple(_controlled(rows)), tuple(refused), tuple(said)
    )


def _rows(before: CaseFacts, after: CaseFacts, why: str | None, floors: Mapping[str, float]) -> list[Comparison]:
    rows = [_fit(before, after, why)]
    if before.on_host:
        rows += [row for kind in KINDS if (row := _figures(kind, before, after, why, floors)) is not None]
    return rows


def _fit(before: CaseFacts, after: CaseFacts, why: str | None) -> Comparison:
    was, now = _name(before.outcome), _name(after.outcome)
    verdict, words = _fit_verdict(before.outcome, after.outcome)
    if why is not None:
        verdict, words = "not_comparable", "not comparable"
    return replace(
        _blank(before, "fit", "1"),
        verdict=verdict,
        words=words,
        reason=why or "",
        baseline_outcome=was,
        candidate_outcome=now,
    )


def _fit_verdict(was: Outcome | None, now: Outcome | None) -> tuple[Verdict, str]:
    if was is None or now is None or isinstance(was, Unsupported) or isinstance(now, Unsupported):
        return "inconclusive", "not tried in both runs"
    if isinstance(was, Ok) == isinstance(now, Ok):
        return "no_change", "no change"
    word = name_of(now).replace("_", " ") if isinstance(was, Ok) else "runs now"
    return ("regressed", f"ran before, {word} now") if isinstance(was, Ok) else ("improved", word)


def _name(outcome: Outcome | None) -> str:
    return "" if outcome is None else name_of(outcome)


def _blank(facts: CaseFacts, metric: str, unit: str) -> Comparison:
    case = facts.case
    return Comparison(case.id, case.workload.id, case.tier, metric, unit, "inconclusive", "inconclusive")


def _figures(
    kind: _Kind, before: CaseFacts, after: CaseFacts, why: str | None, floors: Mapping[str, float]
) -> Comparison | None:
    kind = _steadiest(kind, before, after)
    a, b = _medians(kind, before), _medians(kind, after)
    if not a or not b or min(a + b) <= 0:
        return None
    row = _blank(before, kind.metric, kind.unit)
    row = replace(row, baseline=stats.median(a), candidate=stats.median(b))
    if why is not None:
        return replace(row, verdict="not_comparable", words="not comparable", reason=why)
    in_turn = len(a) == len(b) and _taken_in_turn(kind.records(before), kind.records(after))
    ratio = stats.paired_ratio(a, b) if in_turn else stats.unpaired_ratio(a, b)
    threshold = max(kind.threshold.relative, floors.get(kind.metric, 0.0), kind.threshold.absolute / stats.median(a))
    row = replace(
        row, ratio=ratio.value, low=ratio.low, high=ratio.high, p=ratio.p, threshold=threshold, method=ratio.method
    )
    return _judged(row, kind)


def _steadiest(kind: _Kind, before: CaseFacts, after: CaseFacts) -> _Kind:
    """The kind by its steadier records, where both runs have the figure in them."""
    steady = replace(kind, records=kind.steadier)
    return steady if _medians(steady, before) and _medians(steady, after) else kind


def _medians(kind: _Kind, facts: CaseFacts) -> list[float]:
    found = (record.find(kind.metric, kind.stage) for record in kind.records(facts))
    return [stats.median(m.values) for m in found if m is not None and m.values]


def _taken_in_turn(a: Sequence[Record], b: Sequence[Record]) -> bool:
    """Whether the processes of both runs were started turn and turn about, so that pairs share the machine's state."""
    order = sorted([(r.started, "a") for r in a] + [(r.started, "b") for r in b])
    sides = [side for _, side in order]
    return all({sides[i], sides[i + 1]} == {"a", "b"} for i in range(0, len(sides) - 1, 2))


def _judged(row: Comparison, kind: _Kind) -> Comparison:
    if row.low is None or row.high is None or row.threshold is None:
        reason = "one process on a side says nothing of how processes differ: run with --processes 5"
        return replace(row, reason=reason)
    if row.low > 1 + row.threshold:
        return replace(row, verdict="regressed", words=kind.worse)
    if row.high < 1 / (1 + row.threshold):
        return replace(row, verdict="improved", words=kind.better)
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
