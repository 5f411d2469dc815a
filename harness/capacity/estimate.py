"""How large a parameter can be by one measured composition: what grows with it, and what does not. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.memory import FRAMEWORK, PARTS
from harness.model.record import Record

GROWING = ("composition_activations", "composition_kv_cache")
"""What is taken to grow in proportion to a batch or a context; weights, gradients, optimizer state and framework do
not."""


def parts(records: Sequence[Record]) -> dict[str, float]:
    """Bytes by part of the composition that was measured, framework included; empty where none was."""
    found = {}
    for metric in (*PARTS, FRAMEWORK):
        measured = (r.find(metric.id, "trial") for r in records if r.trial.role == "composition")
        value = next((m.values[0] for m in measured if m is not None and m.values), None)
        if value is not None:
            found[metric.id] = value
    return found


def largest(records: Sequence[Record], base: int, need: float, limit: int) -> int | None:
    """The largest value that would fit ``limit`` bytes where ``need`` bytes were measured at ``base``.

    None where no composition was measured, or nothing in it grows.
    """
    measured = parts(records)
    each = sum(measured.get(name, 0.0) for name in GROWING) / base
    return max(1, base + int((limit - need) // each)) if each else None
