"""Memory by layer as figures of a case on the host: states at a stage's end, gaps between them, composition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from harness.model.case import HELD_STILL_SAID
from harness.model.measure import ANONYMOUS, TREE_PEAK, Metric
from harness.model.memory import (
    ALLOCATOR_FREE,
    ALLOCATOR_USED,
    COMPOSITION_PEAK,
    FRAMEWORK,
    GPU_DELTA,
    GPU_PROCESS,
    GPU_REMAINDER,
    PARTS,
    PSS,
    REMAINDER,
    TREE_ANONYMOUS,
    TREE_FILE,
    USS,
)
from harness.model.record import Record
from harness.verdict import CaseFacts
from harness.view.figures import Value

_LAYERS: tuple[tuple[Metric, str], ...] = (
    (PSS, "resident, shared pages in parts (PSS)"),
    (USS, "resident, private (USS)"),
    (TREE_ANONYMOUS, "anonymous pages of the tree"),
    (TREE_FILE, "file pages of the tree"),
    (ALLOCATOR_USED, "malloc: in use"),
    (ALLOCATOR_FREE, "malloc: freed and kept"),
    (GPU_PROCESS, "GPU: the trial's own"),
    (GPU_DELTA, "GPU: above idle"),
    (GPU_REMAINDER, "GPU: not the allocator's"),
)
_GAPS: tuple[tuple[str, str, Metric, tuple[Metric, ...]], ...] = (
    ("gap_peak", "gap: freed before the end, and the kernel's own", TREE_PEAK, (TREE_ANONYMOUS, TREE_FILE)),
    ("gap_malloc", "gap: anonymous pages that are not malloc's", ANONYMOUS, (ALLOCATOR_USED, ALLOCATOR_FREE)),
)
_END = "at the end of the timed stage, in the process with the highest peak"
_PASS = "at the peak of a pass of its own"


def memory_parts(facts: CaseFacts) -> dict[str, Value]:
    """The figures by key; only those that could be had."""
    found = [*_gate(facts.work.gate), *_ends(facts.work.need), *_composition(facts.work.composition)]
    return {value.metric: value for value in found}


def peaks(records: Sequence[Record]) -> list[float]:
    """The tree's peak over the whole of each trial, in bytes; trials without one are left out."""
    found = (record.find(TREE_PEAK.id, "trial") for record in records)
    return [max(m.values) for m in found if m is not None and m.values]


def _gate(records: Sequence[Record]) -> Iterator[Value]:
    found = peaks(records)
    if found:
        apart = 100 * (max(found) - min(found)) / max(found)
        said = f"maximum of tree_peak, {apart:.2g} % apart, {HELD_STILL_SAID}"
        yield _value("memory_gate", "peak memory, allocator held still", max(found), said, len(found))


def _ends(records: Sequence[Record]) -> Iterator[Value]:
    top = max((r for r in records if peaks([r])), key=lambda r: peaks([r])[0], default=None)
    if top is None:
        return
    for metric, label in _LAYERS:
        if (size := _at(top, metric)) is not None:
            yield _value(metric.id, label, size, _END)
    for key, label, whole, parts in _GAPS:
        sizes = [_at(top, metric) for metric in (whole, *parts)]
        known = [size for size in sizes if size is not None]
        if len(known) == len(sizes) and (gap := known[0] - sum(known[1:])) >= 0:
            yield _value(key, label, gap, _END)


def _composition(records: Sequence[Record]) -> Iterator[Value]:
    for metric in (*PARTS, FRAMEWORK, REMAINDER, COMPOSITION_PEAK):
        found = [m.values[0] for r in records if (m := r.find(metric.id, "trial")) and m.values]
        if found and (found[0] or metric is REMAINDER):
            label = metric.id.removeprefix("composition_").replace("_", " ")
            whole = metric is COMPOSITION_PEAK
            text = "composition: they add up to" if whole else f"composition: {label}"
            yield replace(_value(metric.id, text, found[0], _PASS), better=metric.better)


def _at(record: Record, metric: Metric) -> float | None:
    found = record.find(metric.id, "timed")
    return found.values[0] if found is not None and found.values else None


def _value(key: str, label: str, size: float, method: str, count: int = 1) -> Value:
    return Value(
        key, label, "B", value=size, samples=count, processes=count, provenance="measured", method=method, stage="trial"
    )
