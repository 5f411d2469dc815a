"""Section 7: the memory that each workload needs, layer by layer, against each tier's limit."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.measure import (
    BOUND_WORDS,
    GPU_ALLOCATED,
    PROCESS_BASELINE,
    PROCESS_PEAK,
    TREE_BASELINE,
    TREE_PEAK,
    WEIGHTS,
    Metric,
)
from harness.model.record import Record
from harness.model.units import show_bytes
from harness.verdict import joined
from harness.view.across import WIDTH, by_family
from harness.view.charts import Label, Layer, MemoryBar, MemoryPlot, MemorySection, Segment
from harness.view.limits import beyond, limit_lines
from harness.view.report import Tier
from harness.view.rows import margin, stacked
from harness.view.scale import Axis, byte_axis, byte_ticks
from harness.view.scene import Scene, Spot

TOP, BELOW, TOTAL_ROOM = 10.0, 28.0, 84.0

_STEPS = ("warm-up", "timed")
"""The stages in which steps are run, the first of them right after the load."""
LAYERS = (
    Layer("runtime", "runtime", "interpreter and libraries: resident before the model is built"),
    Layer("weights", "weights", "the model's parameters and buffers"),
    Layer(
        "activations",
        "activations and cache",
        "what steps add to the loaded model at their peak, a key-value cache included",
    ),
    Layer("rest", "rest", "what loading needs on top, allocators' slack, other processes and file pages of the trial"),
)
NOTE = (
    "Each bar is the highest peak of the uncapped memory trials on this host: of the process tree where the trial had "
    "a group of its own, else of the main process, which counts pages of libraries that others have already read."
)


def memory(scene: Scene) -> MemorySection:
    """Bars by device and family on linear axes; the limits of that device's tiers stand across them."""
    bearers = _bearers(scene)
    if not bearers:
        return MemorySection(LAYERS, (), NOTE, "no memory trial of this run has ended well")
    devices = list(dict.fromkeys(s.facts.case.device for s in bearers))
    plots = []
    for device in devices:
        groups = by_family([s for s in bearers if s.facts.case.device == device], lambda s: s.line.family)
        plots += [_plot(scene, spots, number == 0, len(devices) > 1) for number, spots in enumerate(groups)]
    return MemorySection(LAYERS, tuple(plots), NOTE)


def layers_of(spot: Spot) -> dict[str, float]:
    """Bytes by layer, in the order of ``LAYERS``; they add up to the need."""
    need = spot.facts.need
    left = need.bytes if need else 0.0
    in_tree = bool(_top(spot.facts.work.need, TREE_BASELINE.id, "load"))
    found = {}
    for layer, size in _parts(spot.facts.work.need, spot.facts.case.device, in_tree):
        found[layer] = min(max(size, 0.0), left)
        left -= found[layer]
    return {**found, "rest": left}


def _parts(records: Sequence[Record], device: str, in_tree: bool) -> list[tuple[str, float]]:
    weights = _top(records, WEIGHTS.id, "load")
    if device == "gpu":
        allocated = max(_top(records, GPU_ALLOCATED.id, stage) for stage in _STEPS)
        return [("weights", weights), ("activations", allocated - weights)]
    baseline = TREE_BASELINE if in_tree else PROCESS_BASELINE
    added = _added(records, TREE_BASELINE, TREE_PEAK) if in_tree else 0.0
    added = added or _added(records, PROCESS_BASELINE, PROCESS_PEAK)
    return [("runtime", _top(records, baseline.id, "load")), ("weights", weights), ("activations", added)]


def _added(records: Sequence[Record], baseline: Metric, peak: Metric) -> float:
    """What the steps added, at their highest, to what was there once the model was loaded; 0 where not read."""
    top = max(_top(records, peak.id, stage) for stage in _STEPS)
    return max(0.0, top - _top(records, baseline.id, _STEPS[0]))


def _top(records: Sequence[Record], metric_id: str, stage: str) -> float:
    """The highest value over records; 0 adds no layer where none was read."""
    return max((v for r in records if (m := r.find(metric_id, stage)) for v in m.values), default=0.0)


def _bearers(scene: Scene) -> list[Spot]:
    """One spot for each line and device whose need is known: the host's own where the plan has it."""
    found: dict[tuple[int, str], Spot] = {}
    for line in scene.lines:
        for spot in sorted(scene.row(line), key=lambda s: s.tier.board):
            if spot.facts.need:
                found.setdefault((line.index, spot.facts.case.device), spot)
    return list(found.values())


def _limits(scene: Scene, device: str) -> list[tuple[Tier, int]]:
    """Each tier of that device with its limit in bytes, where it has one."""
    found = {s.tier.index: s.facts.limit_bytes for s in scene.spots.values() if s.facts.case.device == device}
    return [(scene.tiers[t], limit) for t, limit in sorted(found.items()) if limit]


def _plot(scene: Scene, spots: Sequence[Spot], is_open: bool, several: bool) -> MemoryPlot:
    device = spots[0].facts.case.device
    needs = [s.facts.need.bytes for s in spots if s.facts.need]
    right = WIDTH - TOTAL_ROOM
    limits = _limits(scene, device)
    lines = [s.line for s in spots]
    axis = byte_axis(_reach(max(needs), [limit for _, limit in limits]), margin(lines), right)
    drawn = limit_lines(limits, axis, WIDTH)
    rows = stacked(lines, max((line.y for line in drawn), default=0.0) + TOP)
    title = "Memory by layer" + (f", {device.upper()}" if several else "")
    return MemoryPlot(
        family=joined(list(dict.fromkeys(s.line.family for s in spots))),
        title=title,
        name=_finding(title, spots, [limit for _, limit in limits]),
        open=is_open,
        width=WIDTH,
        height=rows.bottom + BELOW,
        left=axis.left,
        right=right,
        bottom=rows.bottom,
        ticks=byte_ticks(axis),
        bars=tuple(_bar(axis, label, s) for label, s in zip(rows.labels, spots, strict=True)),
        limits=drawn,
        beyond=beyond(limits, axis),
    )


def _reach(need: float, limits: Sequence[int]) -> float:
    """The axis shows every need, and the limits that are not so far off that the bars would vanish."""
    return max([need, *(limit for limit in limits if limit <= 1.5 * need)])


def _bar(axis: Axis, label: Label, spot: Spot) -> MemoryBar:
    segments, so_far = [], 0.0
    for layer, size in layers_of(spot).items():
        start, end = axis.place(so_far), axis.place(so_far + size)
        so_far += size
        if end > start:
            title = f"{layer} {show_bytes(size)}"
            segments.append(Segment(start, round(end - start, 1), layer, title))
    bound = {"upper": "≤ ", "lower": "≥ ", None: ""}[spot.facts.need.bound if spot.facts.need else None]
    return MemoryBar(label.y, label, tuple(segments), axis.place(so_far), bound + show_bytes(so_far))


def _finding(title: str, spots: Sequence[Spot], limits: Sequence[int]) -> str:
    top = max(spots, key=lambda s: s.facts.need.bytes if s.facts.need else 0)
    need = top.facts.need.bytes if top.facts.need else 0
    under = sum(limit < need for limit in limits)
    bound = BOUND_WORDS[top.facts.need.bound if top.facts.need else None]
    return (
        f"{title}: {top.line.name} needs the most, {bound}{show_bytes(need)}, above the limit of "
        f"{under} of {len(limits)} {'tier' if len(limits) == 1 else 'tiers'}."
    )
