"""Whether the times of anchors can be true: work over time against peak, bandwidth and the board's other targets.

Work is that of the table of known models; a model that the table does not have is compared only where it decodes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from harness.model.units import FACTORS, show
from harness.profiles.fault import Fault, FieldPath, field_name, list_in, number_in, spelt
from harness.profiles.peaks import MOST_TARGETS, OTHER_TARGETS, Bound, bandwidth_bound, cache_bytes, flop_bound
from harness.projection.models import known_models

_WINOGRAD = 81 / 16
"""3x3 convolutions by F(6x6, 3x3) take so many times fewer multiplications than they count."""
_BYTES = {"float64": 8.0, "float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "int4": 0.5}
_ROUNDED = 1.25
"""A clock may boost, and figures are rounded: what is more than this above a peak cannot be."""
_ENOUGH, _RANGE = 8, 10.0
"""Models, and how many times the least work the most is, from which times have to grow with work.

Of 228 published runs of ncnn with as many models one has a rank correlation below 0, a run that failed; the next 0.14.
"""
_ODD_ORDER = 0.3
_SLOW = 1e-3
"""Of its peak: the best of a group is hardly less on a device that works."""
_APART = 50.0
"""Times the other targets' time of the same models."""
_HINT = (
    "the run failed, or it is another model or input, unit or device: leave it out, name it otherwise, or correct the "
    "figure it is held against"
)


class Timed(NamedTuple):
    """An anchor with its work, where that is known: seconds a step, operations and bytes that it cannot do without."""

    path: FieldPath
    model: str
    seconds: float
    flop: float
    weights: float
    """Bytes read at each step, or at each token."""


class Group(NamedTuple):
    """One configuration of a target."""

    path: FieldPath
    target: dict[str, Any]
    group: dict[str, Any]
    values: dict[str, float]
    """Seconds by model, whether known or not; a token's for a decode rate."""
    timed: tuple[Timed, ...]


def impossible(data: dict[str, Any]) -> Iterator[Fault]:
    """Anchors whose operations or bytes a second are above what the target can do."""
    every = list(groups(data))
    reached = _reached(every)
    for found in every:
        flop = flop_bound(data, found.target, found.group) or _beyond_the_others(reached, found)
        moved = bandwidth_bound(data, found.target)
        for own in found.timed:
            fault = _above_peak(own, flop) or _above_bandwidth(own, moved, cache_bytes(data, found.target))
            if fault:
                yield fault
        order = _order(found)
        if order is not None and order < 0:
            yield Fault((*found.path, "values"), _disorder(found), "the run failed: leave its values out")


def unlikely(data: dict[str, Any]) -> Iterator[Fault]:
    """What one should look at again in anchors that can be."""
    every = list(groups(data))
    for found in every:
        own = (*found.path, "values")
        order = _order(found)
        if order is not None and 0 <= order < _ODD_ORDER:
            yield Fault(own, f"{_disorder(found)}: is it a sound run?")
        yield from _all_alike(own, found)
        yield from _near_a_bound(own, found, flop_bound(data, found.target, found.group))
    yield from _far_from_others(every)
    yield from _copied(every)


def _reached(every: list[Group]) -> dict[FieldPath, float]:
    """The most operations a second that each target reached, by its path."""
    best: dict[FieldPath, float] = {}
    for found in every:
        rates = [own.flop / own.seconds for own in found.timed if own.flop]
        best[found.path[:2]] = max([best.get(found.path[:2], 0.0), *rates])
    return best


def _beyond_the_others(reached: dict[FieldPath, float], found: Group) -> Bound | None:
    """Of a GPU, where no peak of the board is known: what its other targets reached; None where nothing did."""
    most = max((rate for path, rate in reached.items() if path != found.path[:2]), default=0.0)
    if not most or found.target.get("device") != "gpu":
        return None
    words = f"over {OTHER_TARGETS:g} times what the board's other targets reached: {show(most, 'FLOP/s')}"
    return Bound(OTHER_TARGETS * most, words)


def groups(data: dict[str, Any]) -> Iterator[Group]:
    """Every group of anchors with its times, as far as they can be read."""
    for index, target in enumerate(list_in(data.get("target"))[:MOST_TARGETS]):
        for number, group in enumerate(list_in(target.get("anchors")) if isinstance(target, dict) else []):
            if isinstance(group, dict):
                path = ("target", index, "anchors", number)
                values = _seconds(group)
                yield Group(path, target, group, values, tuple(_timed(path, group, values)))


def _above_peak(own: Timed, bound: Bound | None) -> Fault | None:
    if bound is None or not own.flop > _ROUNDED * bound.value * own.seconds:
        return None
    rate = show(own.flop / own.seconds, "FLOP/s")
    message = f"{spelt(own.model)} in {show(own.seconds, 's')} is at least {rate}, {bound.words}"
    return Fault(own.path, message, _HINT)


def _above_bandwidth(own: Timed, bound: Bound | None, cached: float) -> Fault | None:
    beyond = own.weights - cached
    if bound is None or not beyond > bound.value * own.seconds:
        return None
    rate = show(beyond / own.seconds, "B/s")
    message = f"{spelt(own.model)} in {show(own.seconds, 's')} reads at least {rate} of weights, {bound.words}"
    return Fault(own.path, message, _HINT)


def _seconds(group: dict[str, Any]) -> dict[str, float]:
    unit, values = group.get("unit"), group.get("values")
    base, factor = FACTORS.get(unit, ("", 0.0)) if isinstance(unit, str) else ("", 0.0)
    rates = group.get("metric", "latency") == "decode_rate"
    if base != ("token/s" if rates else "s") or not isinstance(values, dict):
        return {}
    numbers = {model: (number_in(value) or 0.0) * factor for model, value in values.items()}
    sound = {model: number for model, number in numbers.items() if math.isfinite(number) and number > 0}
    return {model: 1 / number for model, number in sound.items()} if rates else sound


def _timed(path: FieldPath, group: dict[str, Any], values: dict[str, float]) -> Iterator[Timed]:
    batch, dtype = max(number_in(group.get("batch")) or 1.0, 1.0), group.get("dtype")
    rates = group.get("metric", "latency") == "decode_rate"
    read = group.get("bytes_per_token") if rates else None
    width = _BYTES.get(dtype, 1.0) if isinstance(dtype, str) else 1.0
    for model, seconds in values.items():
        own = (*path, "values", model)
        work = known_models().get(plain_name(model))
        weights = number_in(read.get(model)) if isinstance(read, dict) else None
        if weights is not None and math.isfinite(weights):
            yield Timed(own, model, seconds * batch, 0.0, weights)
        elif work is not None and not rates:
            least = sum(work[:7]) - work[1] * (1 - 1 / _WINOGRAD)
            yield Timed(own, model, seconds, least * batch * 1e9, work[7] * 1e9 * width / 4)


def plain_name(model: str) -> str:
    """``published/vgg16[batch=1]`` and ``VGG16`` as the table of known models has it; empty at another input."""
    name, _, point = model.rpartition("/")[2].partition("[")
    if point.rstrip("]") not in {"", "batch=1"}:
        return ""
    return name if name in known_models() else name.lower().replace("-", "_")


def _order(found: Group) -> float | None:
    """Rank correlation of work and time; None where there are too few models, or too alike."""
    work = [own.flop for own in found.timed if own.flop]
    if len(work) < _ENOUGH or max(work) < _RANGE * min(work):
        return None
    times = [own.seconds for own in found.timed if own.flop]
    apart = sum((a - b) ** 2 for a, b in zip(_ranks(work), _ranks(times), strict=True))
    return 1 - 6 * apart / (len(work) * (len(work) ** 2 - 1))


def _ranks(values: list[float]) -> list[int]:
    places = sorted(range(len(values)), key=lambda at: values[at])
    return [rank for _, rank in sorted((at, rank) for rank, at in enumerate(places))]


def _disorder(found: Group) -> str:
    known = [own for own in found.timed if own.flop]
    most = max(known, key=lambda own: own.flop)
    least = max((own for own in known if own is not most), key=lambda own: own.seconds / own.flop)
    times = f"{spelt(most.model)} takes {show(most.seconds, 's')} and {spelt(least.model)} {show(least.seconds, 's')}"
    return f"times do not grow with work: {times}, of {show(most.flop / least.flop, '1')} times fewer operations"


def _all_alike(own: FieldPath, found: Group) -> Iterator[Fault]:
    """Three models or more that take the same time."""
    values = list(found.values.values())
    if len(values) >= 3 and max(values) <= 1.001 * min(values):
        yield Fault(own, f"{len(values)} models all take {show(values[0], 's')}: were they run?")


def _near_a_bound(own: FieldPath, found: Group, bound: Bound | None) -> Iterator[Fault]:
    rates = [(known.flop / known.seconds, known) for known in found.timed if known.flop]
    if bound is None or not rates:
        return
    best, fastest = max(rates, key=lambda pair: pair[0])
    said = f"{spelt(fastest.model)} is at least {show(best, 'FLOP/s')}, {bound.words}"
    if best > bound.value:
        yield Fault((*own, fastest.model), f"{said}: is one of them wrong?")
    elif best < _SLOW * bound.value and bound.stated:
        yield Fault((*own, fastest.model), f"no model comes near the target: {said}: is the unit right?")


def _far_from_others(every: list[Group]) -> Iterator[Fault]:
    """A target that is far faster or slower than the board's others at the same models."""
    best: dict[FieldPath, dict[str, float]] = {}
    for found in every:
        own = best.setdefault(found.path[:2], {})
        for model, seconds in found.values.items():
            own[model] = min(seconds, own.get(model, math.inf))
    for found in every:
        others = [times for path, times in best.items() if path != found.path[:2]]
        known = {m: min(t.get(m, math.inf) for t in others) for m in found.values} if others else {}
        ratios = sorted(seconds / known[m] for m, seconds in found.values.items() if known.get(m, math.inf) < math.inf)
        middle = ratios[len(ratios) // 2] if len(ratios) >= 3 else 1.0
        if not 1 / _APART <= middle <= _APART:
            message = f"it takes {show(middle, '1')} times what the board's other targets take for the same models"
            yield Fault((*found.path, "values"), f"{message}: is the unit right?")


def _copied(every: list[Group]) -> Iterator[Fault]:
    """Values that stand in two groups."""
    seen: dict[tuple[str, float], FieldPath] = {}
    for found in every:
        same = [path for pair in found.values.items() if (path := seen.setdefault(pair, found.path)) is not found.path]
        if len(same) >= 3 and 2 * len(same) > len(found.values):
            other = field_name(max(set(same), key=same.count))
            yield Fault((*found.path, "values"), f"{len(same)} models take the same time in {other}: was it copied?")
