"""The memory above a trial's group: what this container or machine has, and the kernel's kills for want of it."""

from __future__ import annotations

from harness.host import memory
from harness.host.files import HERE, Files
from harness.model.units import show_bytes

_EVENTS = {"": "memory.events", "memory": "memory.oom_control"}
"""Controller in ``/proc/self/cgroup`` (empty for v2) -> the file with the line ``oom_kill``."""


def available(files: Files = HERE) -> str:
    """Return what there is in words: ``this container may use 324 MiB``, or ``this machine has 23.5 GiB``."""
    limit = memory.group_limit(files)
    if limit is not None:
        return f"this container may use {show_bytes(limit)}"
    return f"this machine has {show_bytes(memory.total_bytes(files))}"


def kills(files: Files = HERE) -> int | None:
    """Return how many processes the kernel has killed for want of memory in this process's own control group.

    Without such a group it is the whole machine's count; None where the kernel says neither.
    """
    counts = (_count(files, path) for path in (*memory.group_files(files, _EVENTS), "proc/vmstat"))
    return next((count for count in counts if count is not None), None)


def _count(files: Files, path: str) -> int | None:
    for line in (files.text(path) or "").splitlines():
        name, _, value = line.partition(" ")
        if name == "oom_kill" and value.isdecimal():
            return int(value)
    return None
