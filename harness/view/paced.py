"""What a trial at a tier's pace came to: what was asked, what was achieved. Never a time of the tier's own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from harness.model.measure import Measurement
from harness.model.paced import PACED_LATENCY, PACED_WORK
from harness.model.record import Record
from harness.model.units import show, show_percent
from harness.stats import percentile, summarise
from harness.verdict import CaseFacts
from harness.view.figures import Value, why_not

HOW = "slowed down on this host by a wait after each step"
P90 = 90.0


def paced(facts: CaseFacts) -> dict[str, Value]:
    """The figures of a board's case that was to be slowed down; nothing where that was not asked for."""
    record = facts.paced
    if record is None:
        return {}
    asked, whole = _asked(record), record.find(PACED_LATENCY.id, "timed")
    blank = Value(PACED_LATENCY.id, "slowed down: achieved", "s", "neither", stage="timed")
    if whole is None or not whole.values:
        found = {"paced_latency": replace(blank, note=why_not(record.outcome) or "no step was timed")}
    else:
        found = {"paced_latency": _median(blank, whole), **dict(_spread(whole.values)), **_work(record)}
    return {**({"paced_asked": asked} if asked else {}), **found}


def in_words(values: Mapping[str, Value]) -> str:
    """``slowed down: 72.1 ms of 72 ms asked, p90 72.3 ms, CV 0.2 %``; empty where there is nothing to tell."""
    median, asked = values.get("paced_latency"), values.get("paced_asked")
    if median is None:
        return ""
    if median.value is None or asked is None or asked.value is None:
        return f"not slowed down: {median.note}"
    parts = [f"slowed down: {show(median.value, 's')} of {show(asked.value, 's')} asked"]
    p90, variation = values["paced_p90"], values["paced_cv"]
    parts += [f"p90 {show(p90.value, 's')}"] if p90.value is not None else []
    parts += [f"CV {show_percent(variation.value)}"] if variation.value is not None else []
    return ", ".join(parts)


def _asked(record: Record) -> Value | None:
    seconds = record.trial.pace.step_seconds
    if seconds is None:
        return None
    note = "the projected time of a step"
    return Value("paced_asked", "slowed down: asked", "s", "neither", seconds, provenance="projected", note=note)


def _median(blank: Value, whole: Measurement) -> Value:
    s = summarise([whole.values])
    found = replace(blank, value=s.median, low=s.low, high=s.high, samples=s.n, processes=1)
    return replace(found, provenance="enforced", note=HOW, method=s.method)


def _spread(values: Sequence[float]) -> Iterator[tuple[str, Value]]:
    """The 90th percentile, where there are samples enough, and the standard deviation over the mean."""
    p90 = percentile(values, P90)
    short = "" if p90.value is not None else f"p90 needs {p90.needed} samples, there are {p90.n}"
    yield "paced_p90", _own("paced_p90", "slowed down: p90", "s", p90.value, len(values), short)
    variation = _variation(values)
    short = "" if variation is not None else "one sample does not vary"
    yield "paced_cv", _own("paced_cv", "slowed down: coefficient of variation", "1", variation, len(values), short)


def _variation(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)) / mean


def _work(record: Record) -> dict[str, Value]:
    """Of each step the part that was no wait: the host's speed, not the tier's."""
    work = record.find(PACED_WORK.id, "timed")
    if work is None or not work.values:
        return {}
    median, note = summarise([work.values]).median, "this host's own speed under the tier's limits"
    return {"paced_work": _own("paced_work", "slowed down: of it work", "s", median, len(work.values), note)}


def _own(metric: str, label: str, unit: str, value: float | None, samples: int, note: str) -> Value:
    blank = Value(metric, label, unit, "neither", note=note, stage="timed")
    return blank if value is None else replace(blank, value=value, samples=samples, provenance="enforced")
