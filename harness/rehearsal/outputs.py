"""Outputs of a step as plain arrays, which keep nothing of the model alive, and how far two of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.worker.finite import leaves

TOLERANCE = 1e-4
"""Relative to the largest number: the same sums in another order, as threads and memory fall."""

Flat = list[tuple[str, Any]]


def flat(output: Any) -> Flat:
    """Every number and array in the output with its place, copied."""
    return [(path, value) for path, leaf in leaves(output) if (value := _plain(leaf)) is not None]


def _plain(leaf: Any) -> Any:
    import numpy

    if hasattr(leaf, "detach"):
        leaf = leaf.detach().cpu()
        return (leaf.double() if leaf.is_floating_point() else leaf).numpy().copy()
    if isinstance(leaf, bool | int | float) or hasattr(leaf, "dtype"):
        return numpy.array(leaf)
    return None


def difference(first: Flat, second: Flat) -> str | None:
    """In words how they differ, None where they are the same within the tolerance."""
    if [path for path, _ in first] != [path for path, _ in second]:
        return f"{len(first)} and {len(second)} arrays"
    for (path, was), (_, now) in zip(first, second, strict=True):
        if was.shape != now.shape:
            return f"{path} has the shape {_shape(was.shape)} and then {_shape(now.shape)}"
        if (far := _distance(was, now)) > TOLERANCE:
            return f"{path} differs by {far:.1e} of its largest number"
    return None


def _shape(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes)) or "scalar"


def _distance(was: Any, now: Any) -> float:
    import numpy

    if not was.size or was.dtype.kind not in "fiub":
        return 0.0
    first, second = was.astype("float64"), now.astype("float64")
    worst = float(numpy.abs(first - second).max())
    return worst / max(float(numpy.abs(first).max()), 1e-30) if worst else 0.0
