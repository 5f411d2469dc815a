"""Measure only: nothing is enforced, and what was asked is recorded as not enforced."""

from __future__ import annotations

from harness.limits import cores
from harness.limits.group import Group, Join
from harness.model.case import Limits
from harness.model.record import Enforced

ID = "none"
_NOTE = "nothing here can enforce it"


def unusable() -> None:
    """It can always be used."""


def open_group(limits: Limits, label: str) -> Group:  # noqa: ARG001 - a means' signature
    """A group without limits on memory; the affinity is still set where the system has one."""
    affinity = cores.choose(limits.cores)
    join = Join(affinity=affinity, environment=cores.thread_environment(limits.threads, affinity))
    return Group(ID, join, (*_memory(limits), *cores.enforced(limits, affinity)))


def sweep() -> list[str]:
    """Nothing is left behind that a name could tell."""
    return []


def _memory(limits: Limits) -> tuple[Enforced, ...]:
    if limits.memory_bytes is None:
        return ()
    return (
        Enforced("memory", limits.memory_bytes, None, ID, note=_NOTE),
        Enforced("swap", limits.swap_bytes, None, ID, note=_NOTE),
    )
