"""What can be enforced on this machine, and by which means. A module a means, best first.

``open_group`` gives a Group for one trial, limited or not: with a kernel group even an unlimited trial has the peak of
its whole tree. ``Group.join`` goes to the stub (harness/launch.py), ``Group.watch`` to the trial's memory meter.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from harness.errors import MachineError, UnknownName
from harness.limits import cgroup1, cgroup2, none, rlimit, systemd
from harness.limits.group import Group, Join, Means, Watch
from harness.model.machine import MeansState

if TYPE_CHECKING:
    from harness.model.case import Limits

__all__ = ["FORCE", "Group", "Join", "Watch", "chosen", "open_group", "states", "sweep"]

FORCE = "TIERBENCH_MEANS"
"""Environment variable that forces a means: ``cgroup2``, ``systemd-scope``, ``cgroup1``, ``rlimit`` or ``none``."""

_BEST_FIRST: tuple[Means, ...] = (cgroup2, systemd, cgroup1, rlimit)
_BY_ID: dict[str, Means] = {means.ID: means for means in (*_BEST_FIRST, none)}


def states() -> tuple[MeansState, ...]:
    """Every means, best first, each tried for real once, with why it cannot be used. Never raises."""
    return tuple(MeansState(means.ID, _unusable(means.ID)) for means in _BEST_FIRST)


def open_group(limits: Limits, label: str, means: str | None = None) -> Group:
    """A group for one trial by ``means``, else by the one that TIERBENCH_MEANS names, else by the best usable one.

    ``label`` is for people who look at the machine. Raises UnknownName, and MachineError where a means that was forced
    cannot be used or a group cannot be made.
    """
    chosen = _choose(means or os.environ.get(FORCE))
    try:
        return chosen.open_group(limits, label)
    except OSError as error:
        raise MachineError(f"cannot make a group for a trial by {chosen.ID}: {error}") from None


def chosen(means: str | None = None) -> str:
    """Id of the means that ``open_group`` would use. Raises as it does, before anything is run."""
    return _choose(means or os.environ.get(FORCE)).ID


def sweep() -> list[str]:
    """Kill and remove what dead harness processes left behind; a sentence for each thing removed."""
    said = [sentence for means in _BEST_FIRST for sentence in means.sweep()]
    return list(dict.fromkeys(said))


def _choose(forced: str | None) -> Means:
    if forced is None:
        return next((means for means in _BEST_FIRST if _unusable(means.ID) is None), none)
    if forced not in _BY_ID:
        raise UnknownName("means of enforcement", forced, list(_BY_ID))
    reason = _unusable(forced)
    if reason:
        raise MachineError(f"{forced} cannot be used here: {reason}", hint=f"unset {FORCE} to use the best there is")
    return _BY_ID[forced]


@cache
def _unusable(means_id: str) -> str | None:
    try:
        return _BY_ID[means_id].unusable()
    except Exception as error:
        return f"trying it failed: {type(error).__name__}: {error}"
