"""What a ceiling trial shows of other tiers: work that ran to its end under tighter limits fits wider ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from harness.model.case import Limits, Trial
from harness.model.outcome import Ok
from harness.model.record import Enforced, Record

Given = dict[str, Enforced]
"""What was enforced, by the limit's name."""


def shown(trial: Trial, records: Iterable[Record], started: str) -> Record | None:
    """The record of a ceiling trial that need not be run, None where none of ``records`` shows its outcome.

    Only success is carried over, and only from limits that were read back; that a work does not fit is never inferred.
    """
    by = next((r for r in records if shows(r, trial)), None)
    if by is None:
        return None
    return Record(
        trial.id, trial, Ok(), started, 0.0, enforced=by.enforced, items=by.items, facts=by.facts, shown_by=by.trial_id
    )


def shows(record: Record, trial: Trial) -> bool:
    """Whether a record's trial did the same work on the same CPU threads with less memory, all of it enforced."""
    by, wanted = record.trial, trial.limits
    if (
        {by.role, trial.role} != {"ceiling"}
        or by.case.work_id != trial.case.work_id
        or by.pace.steps < trial.pace.steps
    ):
        return False
    ran = isinstance(record.outcome, Ok) and not record.usage.oom_kills
    if record.shown_by or not ran or "gpu" in {by.case.device, trial.case.device}:
        return False
    given: Given = {e.limit: e for e in record.enforced}
    return (
        _held(given, wanted)
        and _as_many("cores", by.limits, given, wanted)
        and _as_many("threads", by.limits, given, wanted)
    )


def _held(given: Given, wanted: Limits) -> bool:
    """Memory and swap were held to no more than is wanted."""
    amounts = (("memory", wanted.memory_bytes), ("swap", wanted.swap_bytes))
    return all(amount is not None and _within(given.get(name), amount) for name, amount in amounts)


def _within(limit: Enforced | None, most: int) -> bool:
    return limit is not None and not limit.approximate and limit.given is not None and limit.given <= most


def _as_many(name: str, asked: Limits, given: Given, wanted: Limits) -> bool:
    """Fewer threads need less memory: there were as many as wanted, or all that this host has."""
    before, number = getattr(asked, name), getattr(wanted, name)
    if before == number:
        return True
    there = given[name].given if name in given else None
    return None not in (there, before, number) and (there >= number or there < before)
