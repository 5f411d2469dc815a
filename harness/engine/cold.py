"""A need trial that found its files out of the page cache is run once more, now that it has read them itself."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from harness.checks import Code
from harness.engine.prepared import Known
from harness.model.record import Record

AGAIN = "measured_again"
"""Fact of a trial that was run once more: what was wrong with the first time."""


def worth_another(record: Record, known: Known, hopeless: Collection[str]) -> bool:
    """Whether to run it again: not a work that reads from disk each time, nor one whose files cannot all be kept."""
    return bool(_said(record)) and not known.left_out_bytes and record.trial.case.work_id not in hopeless


def notice(record: Record) -> str:
    """Say what is done."""
    return f"measuring the need of {record.trial.case.workload.id} again: {_said(record)}"


def again(first: Record, second: Record | None, hopeless: set[str]) -> Record | None:
    """The second record, with what was wrong with the first; None where it was stopped.

    A work that is cold again is added to ``hopeless``.
    """
    if second is None:
        return None
    if _said(second):
        hopeless.add(second.trial.case.work_id)
    return replace(second, facts={**second.facts, AGAIN: _said(first)})


def _said(record: Record) -> str:
    return next((finding.message for finding in record.findings if finding.code == Code.COLD_PAGES), "")
