"""How many bytes a step is given and returns: what a request to another machine and its answer would carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.model.measure import INPUT_BYTES, OUTPUT_BYTES, Measurement, Metric

DEPTH = 6
NUMBER = 8
"""Bytes of a number that is in no array."""


def measurements(inputs: Any, output: Any) -> tuple[Measurement, Measurement]:
    """Both sizes, each missing with its reason where nothing with a size is found or it cannot be counted."""
    return _one(INPUT_BYTES, "the inputs", inputs), _one(OUTPUT_BYTES, "the output", output)


def _one(metric: Metric, what: str, value: Any) -> Measurement:
    try:
        size = size_of(value)
    except Exception as error:  # a class of its own may do anything when it is looked into: no failure of the work
        reason = f"{what} could not be counted: {type(error).__name__}: {error}"
        return Measurement(metric, "warm-up", "measured", missing=reason)
    if size is None:
        return Measurement(metric, "warm-up", "measured", missing=f"no tensor, array, text or number in {what}")
    return Measurement(metric, "warm-up", "measured", (float(size),))


def size_of(value: Any, depth: int = DEPTH) -> int | None:
    """Bytes of all tensors, arrays, texts and numbers in ``value``, nested ones too; None where there are none.

    Of other objects, such as a key-value cache, nothing is counted.
    """
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    if isinstance(value, (int, float)):
        return None if isinstance(value, bool) else NUMBER
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    members = list(value.values()) if isinstance(value, Mapping) else value
    if depth == 0 or not isinstance(members, (list, tuple)):
        return None
    sizes = [size for member in members if (size := size_of(member, depth - 1)) is not None]
    return sum(sizes) if sizes else None
