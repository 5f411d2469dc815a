"""The same figures as rows: what the CSV and JSON downloads and a data frame hold."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks import validity
from harness.verdict import CaseFacts, State
from harness.view.figures import Value
from harness.view.report import DataRow
from harness.view.scene import Scene

_OF_ENERGY = frozenset({"energy", "power"})


def rows(scene: Scene) -> tuple[DataRow, ...]:
    """A row a case and metric, in the order of the table; a missing figure has its reason as ``note``."""
    spots = [s for line in scene.lines for s in scene.row(line)]
    return tuple(_row(s.facts, s.judged.state, v) for s in spots for v in _kept(s.facts, s.values.values()))


def _kept(facts: CaseFacts, values: Iterable[Value]) -> Iterable[Value]:
    """Without what could not be otherwise: a board's energy, and the throughput of a time that is missing."""
    needless = {"throughput"} if facts.on_host else {"throughput", "energy"}
    return (v for v in values if v.value is not None or v.metric not in needless)


def _row(facts: CaseFacts, state: State, value: Value) -> DataRow:
    case = facts.case
    return DataRow(
        case=case.id,
        workload=case.workload.id,
        family=case.workload.family,
        tier=case.tier,
        device=case.device,
        runtime=case.runtime,
        dtype=case.dtype,
        scenario=case.scenario,
        outcome=state,
        limit=facts.enforcement,
        metric=value.metric,
        stage=value.stage,
        marks=value.marks,
        unit=value.unit,
        value=value.value,
        low=value.low,
        high=value.high,
        samples=value.samples,
        processes=value.processes,
        provenance=value.provenance or "",
        bound=value.bound or "",
        note=value.note,
        validity=_validity(facts, value),
    )


def _validity(facts: CaseFacts, value: Value) -> str:
    """The verdict on the trials that a measured figure was taken in."""
    if value.value is None or value.provenance != "measured" or not facts.on_host:
        return ""
    energy = value.metric in _OF_ENERGY
    records = facts.work.energy if energy else facts.work.timing if value.stage == "timed" else ()
    verdicts = [validity(r) for r in records]
    codes = dict.fromkeys(code for v in verdicts for code in v.codes)
    if codes:
        return f"invalid: {', '.join(codes)}"
    return "valid" if any(v.state == "valid" for v in verdicts) else ""
