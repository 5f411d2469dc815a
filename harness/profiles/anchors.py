"""What must hold in a target's anchors, and in what is stated of the accuracy of projections from them."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Iterator
from typing import Any

from harness.profiles.fault import Fault, FieldPath, list_in, number_in, quoted, spelt
from harness.profiles.figures import count_fault, dtype_fault, origin_faults, units_of
from harness.profiles.unit_hints import unit_hint

UNIT_OF = {"latency": "s", "decode_rate": "token/s"}
"""The base unit of each metric."""

KNOWN_RUNTIMES = (
    "torch-eager", "torch-compile", "torchscript", "onnxruntime", "openvino", "ncnn", "executorch", "tflite",
    "tensorrt", "llama.cpp", "vllm", "mnn", "python",
)  # fmt: skip
"""How common runtimes are written, so that one is not spelt in two ways. Others may be named too."""

_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_USUAL = {_NOT_PLAIN.sub("", name): name for name in KNOWN_RUNTIMES}
_RUNTIME = re.compile(r"[a-z0-9]+([-.+][a-z0-9]+)*\Z")
_RUNTIME_HINT = "lower-case letters and digits, with single '-', '.' or '+' between them"
_MAX_NAME = 100
_AGREE = 0.01
"""By how much a value may differ from the statistic of its samples: figures are rounded when they are printed."""
_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "minimum": min,
    "median": statistics.median,
    "mean": statistics.fmean,
}
_CONFIGURATION = ("runtime", "version", "dtype", "threads", "batch", "metric", "statistic")


def anchor_faults(path: FieldPath, target: dict[str, Any], cores: int | None) -> Iterator[Fault]:
    """Everything that is wrong with the anchors of a target that has ``cores`` cores (None where not known)."""
    seen: dict[tuple[str, ...], FieldPath] = {}
    for index, group in enumerate(list_in(target.get("anchors"))):
        if isinstance(group, dict):
            own = (*path, "anchors", index)
            yield from _configuration(own, group, target, cores)
            yield from origin_faults(own, group)
            yield from _values(own, group)
            yield from _beside_values(own, group)
            yield from _told_before(own, group, seen)
    yield from _accuracies(path, target, cores)


def runtime_fault(path: FieldPath, name: Any) -> Iterator[Fault]:
    """A runtime whose name cannot be one, or that is otherwise spelt elsewhere."""
    if not isinstance(name, str):
        return
    usual = _USUAL.get(_NOT_PLAIN.sub("", name[:_MAX_NAME].lower()), name)
    if usual != name:
        yield Fault(path, f"the runtime {quoted(name)} is otherwise written {usual!r}", "write it so")
    elif not _RUNTIME.match(name):
        yield Fault(path, f"{quoted(name)} cannot name a runtime", _RUNTIME_HINT)


def _configuration(
    path: FieldPath, group: dict[str, Any], target: dict[str, Any], cores: int | None
) -> Iterator[Fault]:
    yield from runtime_fault((*path, "runtime"), group.get("runtime"))
    named = [name for name in list_in(target.get("runtimes")) if isinstance(name, str)]
    if named and isinstance(group.get("runtime"), str) and group["runtime"] not in named:
        yield Fault((*path, "runtime"), f"the target's runtimes do not name {quoted(group['runtime'])}", "add it there")
    yield from dtype_fault((*path, "dtype"), group.get("dtype"))
    yield from _threads(path, group, target, cores)
    for name in ("batch", "n"):
        yield from count_fault((*path, name), group.get(name))
    metric, unit = group.get("metric", "latency"), group.get("unit")
    right = units_of(UNIT_OF[metric]) if isinstance(metric, str) and metric in UNIT_OF else []
    if right and isinstance(unit, str) and unit not in right:
        yield Fault((*path, "unit"), f"{quoted(unit)} is not a unit of {metric}", unit_hint(unit, right))


def _threads(path: FieldPath, group: dict[str, Any], target: dict[str, Any], cores: int | None) -> Iterator[Fault]:
    yield from count_fault((*path, "threads"), group.get("threads"))
    threads = number_in(group.get("threads")) or 0
    if target.get("device") == "gpu" and threads > 1:
        yield Fault((*path, "threads"), f"threads is {threads:g} on a GPU", "write 1")
    elif cores and threads > cores:
        yield Fault((*path, "threads"), f"threads is {threads:g}, the target has {cores} cores", "correct one of them")


def _values(path: FieldPath, group: dict[str, Any]) -> Iterator[Fault]:
    values = group.get("values")
    if values == {}:
        yield Fault((*path, "values"), "there are no values", "write model = value")
    for model, value in _items(values):
        own = (*path, "values", model)
        if not model.strip() or not model.isprintable() or len(model) > _MAX_NAME:
            yield Fault(own, f"{spelt(model)} cannot name a model", f"plain text of at most {_MAX_NAME} characters")
        yield from _positive(own, value)


def _positive(path: FieldPath, value: Any, may_be_zero: bool = False) -> Iterator[Fault]:
    number = number_in(value)
    if number is None:
        return
    if not math.isfinite(number):
        yield Fault(path, "the value is not a finite number")
    elif number < 0 or (number == 0 and not may_be_zero):
        yield Fault(path, f"the value is {number:g}", "leave out what is not known")


def _beside_values(path: FieldPath, group: dict[str, Any]) -> Iterator[Fault]:
    values = group.get("values")
    for name in ("spread", "samples", "bytes_per_token"):
        for model, inner in _items(group.get(name)):
            own = (*path, name, model)
            if isinstance(values, dict) and model not in values:
                yield Fault(own, f"{spelt(model)} has no value", "values must name it too")
            for place, number in _numbers(own, inner):
                yield from _positive(place, number, may_be_zero=name == "spread")
    if group.get("bytes_per_token") and group.get("metric") != "decode_rate":
        yield Fault((*path, "bytes_per_token"), "bytes_per_token is for a decode rate", 'write metric = "decode_rate"')
    for model, samples in _items(group.get("samples")):
        yield from _statistic((*path, "samples", model), group, model, samples)


def _numbers(path: FieldPath, inner: Any) -> list[tuple[FieldPath, Any]]:
    return [((*path, i), v) for i, v in enumerate(inner)] if isinstance(inner, list) else [(path, inner)]


def _statistic(path: FieldPath, group: dict[str, Any], model: str, samples: Any) -> Iterator[Fault]:
    """A value that is not the statistic of its own samples."""
    if samples == []:
        yield Fault(path, "there are no samples", "leave it out")
    values, kind = group.get("values"), group.get("statistic")
    stated = number_in(values.get(model)) if isinstance(values, dict) else None
    numbers = [number for number in map(number_in, list_in(samples)) if number is not None and math.isfinite(number)]
    if not numbers or stated is None or not isinstance(kind, str) or kind not in _STATISTICS:
        return
    found = _STATISTICS[kind](numbers)
    if abs(stated - found) > _AGREE * abs(found):
        yield Fault(path, f"the {kind} of the samples is {found:g}, the value is {stated:g}", "correct one of them")


def _told_before(path: FieldPath, group: dict[str, Any], seen: dict[tuple[str, ...], FieldPath]) -> Iterator[Fault]:
    """A model that has a value in this configuration already."""
    configuration = tuple(quoted(group.get(name)) for name in _CONFIGURATION)
    for model, _ in _items(group.get("values")):
        earlier = seen.setdefault((*configuration, model), path)
        if earlier is not path:
            message = f"anchors[{earlier[-1]}] of this target has {spelt(model)} in the same configuration"
            yield Fault((*path, "values", model), message, "keep one of them")


def _accuracies(path: FieldPath, target: dict[str, Any], cores: int | None) -> Iterator[Fault]:
    for index, stated in enumerate(list_in(target.get("accuracy"))):
        if isinstance(stated, dict):
            own = (*path, "accuracy", index)
            yield from runtime_fault((*own, "runtime"), stated.get("runtime"))
            yield from dtype_fault((*own, "dtype"), stated.get("dtype"))
            yield from _threads(own, stated, target, cores)
            yield from count_fault((*own, "cases"), stated.get("cases"))
            yield from origin_faults(own, stated)
            yield from _errors(own, stated)


def _errors(path: FieldPath, stated: dict[str, Any]) -> Iterator[Fault]:
    for name in ("median_error", "worst_error"):
        yield from _positive((*path, name), stated.get(name), may_be_zero=True)
    median, worst = number_in(stated.get("median_error")), number_in(stated.get("worst_error"))
    if median is not None and worst is not None and median > worst:
        yield Fault((*path, "median_error"), f"the median error {median:g} is above the worst {worst:g}")


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []
