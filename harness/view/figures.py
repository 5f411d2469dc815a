"""The figures of one case as numbers: value, interval, sample, provenance, or the reason why there is none.

Everything shown, sorted, plotted or downloaded is made from these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from harness.checks import Code
from harness.model.case import Device
from harness.model.estimate import Estimate
from harness.model.machine import Capabilities
from harness.model.measure import (
    COLD_START,
    CONVERSION_TIME,
    CONVERTED_SIZE,
    IMPORT_TIME,
    INTERVAL_TIME,
    LOAD_TIME,
    MARK_TIME,
    POWER,
    PROCESSING,
    PROCESSING_TIME,
    STEP_ENERGY,
    WEIGHTS,
    Bound,
    Provenance,
)
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut, Unsupported
from harness.model.record import Record
from harness.model.sustained import LAST_TO_FIRST, PART_LATENCY, PART_ROUNDS, PART_START
from harness.model.units import show
from harness.stats import Summary, summarise, summarise_means
from harness.verdict import STATES, CaseFacts, samples, state_of, step_times, warm
from harness.view.projected import stands_on

NOT_PROJECTED = "not projected"
GENERIC = "a generic limit stands for no board: no time is projected for it"
ARRIVALS = "as queries arrived: what was asked of it, not what it can do"
MIXED = "its steps on the host are of two kinds, so that the throughput does not follow from a median"
_MARK_LABELS = {
    ("mark_time", "first_token"): "time to first token",
    ("interval_time", "token"): "time per token",
    ("processing_time", "preprocessed"): "preprocessing",
    ("processing_time", "inferred"): "inference",
    ("processing_time", "postprocessed"): "postprocessing",
}


class Value(Struct, frozen=True):
    """A figure in its base unit. ``value`` None means it could not be had, and ``note`` says why."""

    metric: str
    label: str
    unit: str
    better: Literal["lower", "higher", "neither"] = "lower"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    samples: int = 0
    processes: int = 0
    provenance: Provenance | None = None
    bound: Bound | None = None
    note: str = ""
    method: str = ""
    """How the interval came about."""
    stage: str = ""
    marks: str = ""


def values_of(facts: CaseFacts, capabilities: Capabilities, machine: str) -> dict[str, Value]:
    """The figures of a case by key; ``latency``, ``throughput``, ``memory`` and ``energy`` are always there.

    ``machine`` is the host's architecture.
    """
    latency = _latency(facts)
    found = {
        "latency": latency,
        "throughput": _throughput(facts, latency),
        "memory": _memory(facts, machine),
        "energy": _energy(facts, capabilities),
    }
    return {**found, **_more(facts)} if facts.on_host else found


def why_not(outcome: Outcome | None) -> str:
    """Why a case has no figure, in words; empty where its outcome does not say."""
    match outcome:
        case None:
            return "not run yet"
        case DoesNotFit():
            return "does not fit"
        case Unsupported(reason=reason):
            return reason
        case TimedOut(limit_seconds=limit, stage=stage, thrashing=thrashing):
            return f"timed out{' while thrashing' if thrashing else ''} after {show(limit, 's')} in stage {stage}"
        case Failed(error=error):
            return error
        case Thrashes() | Ok():
            return ""


def _latency(facts: CaseFacts) -> Value:
    blank = Value("latency", "latency", "s", stage="timed")
    if facts.on_host:
        reason = why_not(facts.outcome) or "no timing trial has ended well"
        return _summed(blank, facts.latency_groups, reason)
    if facts.estimate is None:
        return replace(blank, note=GENERIC if facts.generic else facts.not_projected or NOT_PROJECTED)
    if not _runs_there(facts):
        return replace(blank, note=f"no time: {STATES[state_of(facts.outcome)]}")
    e = facts.estimate
    return replace(blank, value=e.seconds, low=e.low, high=e.high, provenance="projected", note=stands_on(e))


def _runs_there(facts: CaseFacts) -> bool:
    """Whether a projected time says something: not of a case that the tier's memory does not hold, or that it refuses.

    A GPU that is only not here is projected all the same.
    """
    kinds = (Ok, Unsupported) if facts.case.device == "gpu" else (Ok,)
    return facts.outcome is None or isinstance(facts.outcome, kinds)


def _throughput(facts: CaseFacts, latency: Value) -> Value:
    """Items over the time that passes: of a host's case by the mean time of a step, of a board's by its projection."""
    unit = f"{facts.case.workload.items_unit}/s"
    blank = replace(latency, metric="throughput", label="throughput", unit=unit, better="higher")
    items, time = facts.items, _passing(facts) if facts.on_host else latency
    reason = latency.note if latency.value is None else _why_no_rate(facts)
    if time is None or time.value is None or items is None or not time.value or reason:
        note = reason or "the workload did not say what a step processes"
        return replace(blank, value=None, low=None, high=None, provenance=None, note=note)
    low, high = (items / t if t else None for t in (time.high, time.low))
    note = ARRIVALS if facts.case.scenario == "server" else latency.note
    return replace(blank, value=items / time.value, low=low, high=high, method=time.method, note=note)


def _passing(facts: CaseFacts) -> Value | None:
    """The time that passes a step, None where no timing trial has ended well."""
    found = step_times(facts.work.timing)
    if not found:
        return None
    each = [passing for _, passing in found]
    if facts.case.scenario == "server":  # between its steps there are waits, of which their times say nothing
        mean = summarise_means([(passing,) for passing in each])
    else:
        mean = summarise_means([times for times, _ in found], each)
    return Value("step", "step", "s", value=mean.mean, low=mean.low, high=mean.high, method=mean.method)


def _why_no_rate(facts: CaseFacts) -> str:
    """Why a board's throughput does not follow from its projected time, which is a median; empty where it does."""
    kinds = {Code.TWO_KINDS.value, Code.SLOW_START.value}
    mixed = any(finding.code in kinds for r in facts.work.features for finding in r.findings)
    return MIXED if mixed and not facts.on_host else ""


def _memory(facts: CaseFacts, machine: str) -> Value:
    blank = Value("memory", "peak memory", "B", stage="trial")
    need = facts.need
    if need is None:
        failed = next((r.outcome for r in facts.work.need if not isinstance(r.outcome, Ok)), facts.outcome)
        return replace(blank, note=why_not(failed) or "no memory trial has ended well")
    where = "" if facts.on_host else f"measured on the host ({machine}), uncapped"
    count = len(warm(facts.work.need)[0])
    return replace(
        blank,
        value=need.bytes,
        samples=count,
        processes=count,
        provenance="measured",
        bound=need.bound,
        note=where,
        method=f"maximum of {need.metric}",
    )


def _energy(facts: CaseFacts, capabilities: Capabilities) -> Value:
    blank = Value("energy", "energy per step", "J", stage="timed")
    if not facts.on_host:
        return _projected_energy(blank, facts.estimate if _runs_there(facts) else None)
    groups = samples(facts.work.energy, STEP_ENERGY.id)
    return _averaged(blank, groups, _why_no_energy(facts, capabilities))


def _projected_energy(blank: Value, estimate: Estimate | None) -> Value:
    if estimate is None or estimate.joules is None:
        return replace(blank, note=(estimate.no_joules if estimate else "") or "not measured")
    j = estimate.joules
    note = f"computed, never run: the {j.scope}'s load power times the projected time; {j.source}"
    return replace(blank, value=j.value, low=j.low, high=j.high, provenance="projected", note=note)


def _why_no_energy(facts: CaseFacts, capabilities: Capabilities) -> str:
    said = [m.missing for r in facts.work.energy for m in r.measurements if m.metric.id == STEP_ENERGY.id]
    if reason := next((s for s in said if s), ""):
        return reason
    failed = next((why_not(r.outcome) for r in facts.work.energy if not isinstance(r.outcome, Ok)), "")
    return failed or no_meter(capabilities, facts.case.device) or "no energy trial in this run"


def no_meter(capabilities: Capabilities, device: Device) -> str:
    """Why the meters that suit a device, or else all meters of energy, cannot be read; empty where none says so."""
    suited = {"gpu": {"nvml"}, "cpu": {"rapl"}}[device]
    deaf = [m for m in capabilities.meters if m.reason and "energy" in m.roles]
    return "; ".join(f"{m.id}: {m.reason}" for m in [m for m in deaf if m.id in suited] or deaf)


def _more(facts: CaseFacts) -> dict[str, Value]:
    """Figures of a host's case that have no column of their own: marks, cold start, load, weights, power."""
    found = dict(_marks(facts.work.timing))
    for metric, label in ((COLD_START, "cold start"), (LOAD_TIME, "model load"), (IMPORT_TIME, "import")):
        if groups := samples(facts.work.timing, metric.id):
            found[metric.id] = _summed(Value(metric.id, label, "s"), groups, "")
    found |= sustained(facts.work.timing)
    if groups := samples(facts.work.need, WEIGHTS.id):
        top = max(max(g) for g in groups)
        found["weights"] = Value("weights", "weights", "B", value=top, samples=len(groups), provenance="measured")
    found |= _conversion(facts.work.need)
    if groups := samples(facts.work.energy, POWER.id):
        found["power"] = _averaged(Value("power", "power", "W", better="neither"), groups, "")
    return found


def _conversion(records: Sequence[Record]) -> dict[str, Value]:
    """What the runtime's conversion took and left: once a work."""
    found = {}
    labels = (
        (CONVERSION_TIME, "conversion"),
        (CONVERTED_SIZE, "converted model"),
    )
    for metric, label in labels:
        if groups := samples(records, metric.id):
            found[metric.id] = Value(
                metric.id, label, metric.unit, value=groups[-1][-1], samples=1, provenance="measured"
            )
    return found


def sustained(records: Sequence[Record]) -> dict[str, Value]:
    """A sustained load part by part, and its last part against the first; nothing for any other load."""
    loads = [_parts(r) for r in records]
    found: dict[str, Value] = {}
    for start in sorted({start for load in loads for start in load}):
        groups = [load[start] for load in loads if start in load]
        times = [median for median, _ in groups]
        label = f"latency from {show(start, 's')} on"
        blank = Value("part_latency", label, "s", stage="timed", marks=f"from {start:g} s")
        found[f"part_latency:{start:g}"] = replace(
            _summed(blank, [times] if len(times) == 1 else [(t,) for t in times], ""),
            samples=int(sum(n for _, n in groups)),
        )
    if ratios := samples(records, LAST_TO_FIRST.id, "timed"):
        found["last_to_first"] = _summed(Value("last_to_first", "last part over first", "1", stage="timed"), ratios, "")
    return found


def _parts(record: Record) -> dict[float, tuple[float, float]]:
    """By start (s): the median time of a step (s) and the rounds it stands on."""
    columns = [record.find(m.id, "timed") for m in (PART_START, PART_LATENCY, PART_ROUNDS)]
    starts, medians, rounds = (m.values if m else () for m in columns)
    return {start: (median, count) for start, median, count in zip(starts, medians, rounds, strict=True)}


def _marks(records: Sequence[Record]) -> dict[str, Value]:
    names = {
        (m.metric.id, m.marks)
        for r in records
        for m in r.measurements
        if m.metric.id in {MARK_TIME.id, INTERVAL_TIME.id, PROCESSING_TIME.id} and m.marks and m.stage == "timed"
    }
    found = {}
    for metric, mark in sorted(((metric, mark or "") for metric, mark in names), key=_in_order):
        if metric == MARK_TIME.id and (PROCESSING_TIME.id, mark) in names:
            continue
        if groups := samples(records, metric, "timed", mark):
            label = _MARK_LABELS.get((metric, mark)) or f"{'time to' if metric == MARK_TIME.id else 'time per'} {mark}"
            found[f"{metric}:{mark}"] = _summed(Value(metric, label, "s", stage="timed", marks=mark), groups, "")
    return found


def _in_order(named: tuple[str, str]) -> tuple[str, int, str]:
    """Stages as they follow each other, other marks by name."""
    metric, mark = named
    return metric, PROCESSING.index(mark) if mark in PROCESSING else len(PROCESSING), mark


def _summed(blank: Value, groups: Sequence[Sequence[float]], reason: str) -> Value:
    if not groups:
        return replace(blank, note=reason)
    s: Summary = summarise(groups)
    return replace(
        blank,
        value=s.median,
        low=s.low,
        high=s.high,
        samples=s.n,
        processes=s.processes,
        provenance="measured",
        method=s.method,
        stage=blank.stage or "trial",
    )


def _averaged(blank: Value, groups: Sequence[Sequence[float]], reason: str) -> Value:
    """The mean, where each sample stands for a part of the whole, as an energy's windows do: none is passed over."""
    if not groups:
        return replace(blank, note=reason)
    s = summarise_means(groups)
    found = replace(blank, value=s.mean, low=s.low, high=s.high, samples=s.n, processes=s.processes, method=s.method)
    return replace(found, provenance="measured", stage=blank.stage or "trial")
