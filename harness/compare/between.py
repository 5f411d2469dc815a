"""From two runs to Comparisons. Pure.

A change is called one only where the whole interval clears the metric's threshold and the difference stands among all
the others of the comparison (false discoveries held at 5 %). From fits to does not fit is always a regression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from harness import stats
from harness.compare.comparable import case_refusal, notes, one_sided, refusals, unsound
from harness.compare.fit import fit_verdict
from harness.compare.result import Comparison, Comparisons, Side, Threshold
from harness.model.measure import GPU_RESERVED, LATENCY, STEP_ENERGY, TREE_PEAK
from harness.model.outcome import Outcome, name_of
from harness.model.record import Manifest, Record, Run
from harness.model.units import MIB
from harness.verdict import CaseFacts, gather

INCONCLUSIVE_WIDTH = 4
"""An interval this many thresholds wide could hide a change worth knowing of."""


class _Kind(Struct, frozen=True):
    """A metric as it is compared: which records, which measurement, how much matters, how it is said."""

    metric: str
    unit: str
    stage: str | None
    """None: the highest of all stages."""
    records: Callable[[CaseFacts], Sequence[Record]]
    threshold: Threshold
    worse: str
    better: str
    steadier: Callable[[CaseFacts], Sequence[Record]] = lambda _facts: ()
    """Records of a pass in which the figure repeats better, taken where both runs have them."""
    alone: str = "run with --processes 5"
    """What to do where a side has one process only."""

    def taken(self, facts: CaseFacts) -> list[tuple[str, float]]:
        """When each process with a figure was started, and the figure: its median. In the order of the records."""
        found = ((r.started, self._figure(r)) for r in self.records(facts))
        return [(started, figure) for started, figure in found if figure is not None]

    def _figure(self, record: Record) -> float | None:
        every = [m for m in record.measurements if m.metric.id == self.metric and m.values and m.marks is None]
        return max((stats.median(m.values) for m in every if self.stage in (None, m.stage)), default=None)


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
        metric=GPU_RESERVED.id,
        unit="B",
        stage=None,
        records=lambda facts: facts.work.need,
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
        alone="a run measures a case's energy in one",
    ),
)


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
    kind: _Kind, before: CaseFacts, after: CaseFacts, why: str | None, floors: Mapping[str, float]
) -> Comparison | None:
    kind = _steadiest(kind, before, after)
    a, b, in_turn = _sides(kind, before, after)
    if not a or not b:
        return None
    row = replace(
        _blank(before, kind.metric, kind.unit),
        baseline=stats.median(a),
        candidate=stats.median(b),
        baseline_processes=len(a),
        candidate_processes=len(b),
    )
    if why is not None:
        return _refused(row, why)
    if min(a + b) <= 0:
        return replace(row, reason="a figure at or below 0 has no ratio")
    ratio = stats.paired_ratio(a, b) if in_turn else stats.unpaired_ratio(a, b)
    floor = floors.get(kind.metric)
    threshold = max(kind.threshold.relative, floor or 0.0, kind.threshold.absolute / stats.median(a))
    row = replace(row, ratio=ratio.value, low=ratio.low, high=ratio.high, p=ratio.p, method=ratio.method)
    return _judged(replace(row, threshold=threshold, floor=floor), kind)


def _steadiest(kind: _Kind, before: CaseFacts, after: CaseFacts) -> _Kind:
    """The kind by its steadier records, where both runs have the figure in them."""
    steady = replace(kind, records=kind.steadier)
    return steady if steady.taken(before) and steady.taken(after) else kind


def _sides(kind: _Kind, before: CaseFacts, after: CaseFacts) -> tuple[list[float], list[float], bool]:
    """The figures of both sides in the order of their starts, and whether they were taken turn and turn about.

    Only then do pairs share the machine's state. A process without a figure has no part in it.
    """
    a, b = sorted(kind.taken(before)), sorted(kind.taken(after))
    order = sorted([(started, "a") for started, _ in a] + [(started, "b") for started, _ in b])
    pairs = [{side for _, side in order[k : k + 2]} for k in range(0, len(order), 2)]
    return [v for _, v in a], [v for _, v in b], len(a) == len(b) and all(pair == {"a", "b"} for pair in pairs)


def _judged(row: Comparison, kind: _Kind) -> Comparison:
    if row.low is None or row.high is None or row.threshold is None:
        return replace(row, reason=f"one process on a side says nothing of how processes differ: {kind.alone}")
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
