"""The verdict on a measurement: valid, or invalid with its reasons. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from harness.checks.analysers import analyse
from harness.checks.codes import REMARKS, Code, finding
from harness.model.conditions import WINDOW
from harness.model.measure import LATENCY, Finding
from harness.model.record import Record
from harness.stats.percentiles import needed_samples

_INVALIDATING = frozenset(Code) - REMARKS


class Validity(Struct, frozen=True):
    """``not_judged``: not a timing or energy trial, or one without figures or without signals to judge them by."""

    state: Literal["valid", "invalid", "not_judged"]
    reasons: tuple[Finding, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its reasons, each once."""
        return tuple(dict.fromkeys(f.code for f in self.reasons))


def with_findings(record: Record) -> Record:
    """``record`` with what the analysers find; they speak last where the child gave a remark of the same code."""
    found = analyse(record)
    codes = {f.code for f in found}
    kept = tuple(f for f in record.findings if f.code not in codes)
    return replace(record, findings=(*kept, *found))


def validity(record: Record, percentiles: Sequence[float] = ()) -> Validity:
    """The verdict that ``record`` was given as it was made, and on the ``percentiles`` (50 to 100) asked of it now."""
    said = tuple(f for f in record.findings if f.level == "warning" and f.code in _INVALIDATING)
    reasons = (*said, *unsupported_percentiles(record, percentiles))
    if reasons:
        return Validity("invalid", reasons)
    judged = record.find(WINDOW.id, "timed") is not None
    return Validity("valid" if judged else "not_judged")


def unsupported_percentiles(record: Record, percentiles: Sequence[float]) -> tuple[Finding, ...]:
    """A finding for each percentile of the latency that the sample is too small for."""
    latency = record.find(LATENCY.id, "timed")
    count = len(latency.values) if latency else 0
    return tuple(
        finding(Code.TOO_FEW_SAMPLES, f"p{p:g} needs {needed:,} samples, there are {count:,}", record.trial_id)
        for p in percentiles
        if count < (needed := needed_samples(p))
    )
