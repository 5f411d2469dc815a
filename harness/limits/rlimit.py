"""The last resort: a limit on the data segment of each process, inherited by its children.

Approximate: it counts what a process reserves for private data, not what is resident; it misses shared and file
mappings; each process of the tree has the whole limit for itself; and no peak of the tree can be read.
"""

from __future__ import annotations

import sys

from harness.limits import cores
from harness.limits.group import Group, Join
from harness.model.case import Limits
from harness.model.record import Enforced

ID = "rlimit"
_NOTE = "limits each process's private data (RLIMIT_DATA); shared and file mappings are not counted"


def unusable() -> str | None:
    """Why RLIMIT_DATA limits nothing here; None where it does."""
    if not sys.platform.startswith("linux"):
        return "RLIMIT_DATA does not cover all private memory on this system"
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    return None if hard == resource.RLIM_INFINITY else f"RLIMIT_DATA is already limited to {hard} bytes"


def open_group(limits: Limits, label: str) -> Group:  # noqa: ARG001 - a means' signature
    """No kernel group: the stub sets the limit and reads it back before it becomes the trial."""
    affinity = cores.choose(limits.cores)
    asked = limits.memory_bytes
    rlimits = () if asked is None else (("RLIMIT_DATA", asked, asked),)
    join = Join(rlimits=rlimits, affinity=affinity, environment=cores.thread_environment(limits.threads, affinity))
    return Group(ID, join, (*_memory(limits), *cores.enforced(limits, affinity)))


def sweep() -> list[str]:
    """Nothing is left behind that a name could tell."""
    return []


def _memory(limits: Limits) -> tuple[Enforced, ...]:
    asked = limits.memory_bytes
    if asked is None:
        return ()
    return (
        Enforced("memory", asked, asked, ID, approximate=True, note=_NOTE),
        Enforced("swap", limits.swap_bytes, None, ID, note="a resource limit does not cover swap"),
    )
