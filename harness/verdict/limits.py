"""Whether a ceiling trial ran under its tier's memory limit: without it the trial says nothing of what fits. Pure."""

from __future__ import annotations

from typing import Literal

from harness.model.outcome import DoesNotFit, Ok, Outcome, Thrashes, Unsupported
from harness.model.record import Enforced, Record
from harness.model.units import KIB, show_bytes

Enforcement = Literal["enforced", "approximately enforced", "not enforced", ""]

SLACK = 64 * KIB
"""In bytes: the kernel keeps limits in whole pages, and the largest are of this size."""


def memory_limit(record: Record) -> Enforced | None:
    """What was asked and given of memory, None where the record does not say."""
    return next((e for e in record.enforced if e.limit == "memory"), None)


def enforcement(ceiling: Record | None) -> Enforcement:
    """How far the trial's memory limit was in force; empty where there was no such trial."""
    if ceiling is None:
        return ""
    limit = memory_limit(ceiling)
    if limit is None or limit.given is None or limit.given > limit.asked + SLACK:
        return "not enforced"
    return "approximately enforced" if limit.approximate else "enforced"


def told(ceiling: Record) -> Outcome:
    """The trial's outcome as far as its limit lets it speak of the tier: otherwise it was as good as not tried."""
    outcome = ceiling.outcome
    if not isinstance(outcome, Ok | Thrashes | DoesNotFit):
        return outcome
    limit = memory_limit(ceiling)
    if limit is None or limit.given is None:
        note = limit.note if limit else ""
        return Unsupported(f"memory limit not enforced{f': {note}' if note else ''}")
    if not isinstance(outcome, DoesNotFit) and enforcement(ceiling) == "not enforced":
        return Unsupported(f"memory limit not enforced: {_asked_and_given(limit)}")
    if not isinstance(outcome, Ok) and limit.given < limit.asked - SLACK:
        return Unsupported(f"tried only under a tighter limit: {_asked_and_given(limit)}")
    return outcome


def _asked_and_given(limit: Enforced) -> str:
    given = show_bytes(limit.given) if limit.given is not None else "nothing"
    return f"asked {show_bytes(limit.asked)}, given {given}"
