"""Whether an output is finite, whatever it is nested in: torch tensors, numpy arrays, model outputs, numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

DEPTH = 6


def first_not_finite(output: Any) -> str | None:
    """Where in ``output`` the first infinite or undefined number stands, None where all are finite."""
    for path, leaf in leaves(output):
        if not _is_finite(leaf):
            return path
    return None


def leaves(output: Any) -> Iterator[tuple[str, Any]]:
    """What is nested in ``output``, neither texts nor None, each with where it stands."""
    return _leaves(output, "output", DEPTH)


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth == 0 or value is None or isinstance(value, (str, bytes)):
        return
    if isinstance(value, Mapping):
        for key in value:
            yield from _leaves(value[key], f"{path}[{key!r}]", depth - 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]", depth - 1)
    else:
        yield path, value


def _is_finite(leaf: Any) -> bool:
    if isinstance(leaf, (int, float)):
        return math.isfinite(leaf)
    if hasattr(leaf, "isfinite") and hasattr(leaf, "dtype"):  # a torch tensor
        return bool(leaf.isfinite().all())
    if hasattr(leaf, "dtype") and getattr(leaf.dtype, "kind", "") in "fc":  # a numpy array
        import numpy

        return bool(numpy.isfinite(leaf).all())
    return True
