"""cgroup v2: a group of the trial's own, where the harness may make one and hand the memory controller down.

Three places can hold it. The root group, as root on a machine without systemd. The group above the harness's own,
where that hands memory down already and the harness is in no unit of systemd's (``scope/harness``: beside it). Or the
harness's own group, where it was delegated: v2 wants no processes in a group that hands controllers down, so those in
it are first moved into a leaf ``tierbench-leaf`` (only the harness, its ancestors and its descendants; in a container's
root group, all).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from harness.host.files import HERE
from harness.host.processes import parent
from harness.limits import removal
from harness.limits.cgroup import CgroupGroup, Layout, attempt, build, limit_memory, limit_swap
from harness.limits.files import read, read_bytes, read_key, read_pids, write
from harness.limits.hierarchy import own_group, unified
from harness.limits.owner import PREFIX
from harness.model.case import Limits
from harness.model.record import Enforced

ID = "cgroup2"
LEAF = f"{PREFIX}leaf"

_UNITS = (".slice", ".scope", ".service")
_HAND_DOWN = "cgroup.subtree_control"


def unusable() -> str | None:
    """Why no group can be made here; None where one can."""
    base, reason = _base()
    return reason if base is None else attempt(base, LAYOUT)


def open_group(limits: Limits, label: str) -> CgroupGroup:
    """A group of the trial's own. Raises OSError."""
    base, reason = _base()
    if base is None:
        raise FileNotFoundError(reason)
    return build(base, LAYOUT, ID, limits, label)


def sweep() -> list[str]:
    """Remove the groups of dead harness processes."""
    return removal.sweep(unified())


def hand_down(group: Path) -> str | None:
    """Let groups below have the memory controller; why that fails, None where they have it."""
    if "memory" in (read(group / _HAND_DOWN) or "").split():
        return None
    failure = write(group / _HAND_DOWN, "+memory")
    return f"cannot hand memory down in {group}: {failure}" if failure else None


def _base() -> tuple[Path | None, str | None]:
    """The group in which trials' groups can be made, or why there is none."""
    hierarchy = unified()
    own = own_group(hierarchy, "") if hierarchy else None
    if hierarchy is None or own is None:
        return None, "no cgroup v2 hierarchy is mounted here, or this process is outside what is"
    offered = (read(own / "cgroup.controllers") or "").split()
    if "memory" not in offered:
        return None, f"cgroup v2 offers no memory controller here (it offers: {' '.join(offered) or 'nothing'})"
    if own != hierarchy.mount and _may_use_parent(own):
        return own.parent, None
    reason = _vacate(own, hierarchy.mount) or hand_down(own)
    return (None, reason) if reason else (own, None)


def _may_use_parent(own: Path) -> bool:
    above = own.parent
    handed = "memory" in (read(above / _HAND_DOWN) or "").split()
    inside_unit = own.suffix not in _UNITS and above.suffix != ".slice"
    return handed and inside_unit and os.access(above, os.W_OK) and os.access(above / "cgroup.procs", os.W_OK)


def _vacate(own: Path, mount: Path) -> str | None:
    """Move the processes of our own group into a leaf below it; why that may not be, None where it is empty."""
    if own == mount and not (own / "cgroup.type").exists():
        return None  # the machine's root group may hold processes and hand controllers down
    if not (os.access(own, os.W_OK) and os.access(own / _HAND_DOWN, os.W_OK)):
        return f"the cgroup {own} is not ours to use (not delegated)"
    others = [] if own == mount else [pid for pid in read_pids(own / "cgroup.procs") if not _may_move(pid, own)]
    if others:
        return f"the cgroup {own} also holds other processes ({', '.join(map(_name, others[:3]))})"
    return _move_all(own)


def _move_all(own: Path) -> str | None:
    leaf = own / LEAF
    try:
        leaf.mkdir(exist_ok=True)
    except OSError as error:
        return f"cannot make a group in {own}: {error.strerror}"
    for pid in read_pids(own / "cgroup.procs"):
        failure = write(leaf / "cgroup.procs", str(pid))
        if failure and HERE.exists(f"proc/{pid}"):
            return f"cannot move process {pid} into {leaf}: {failure}"
    return None


def _may_move(pid: int, own: Path) -> bool:
    return os.getpid() in _line(pid) or (_delegated(own) and pid in _line(os.getpid()))


def _line(pid: int) -> list[int]:
    """The process and its ancestors."""
    line = []
    while pid > 0:
        line.append(pid)
        pid = parent(pid) or 0
    return line


def _delegated(own: Path) -> bool:
    """Whether the group was handed over: systemd marks it so, or it is no unit of systemd's."""
    if own.suffix not in _UNITS:
        return True
    return any(_attribute(own, f"{space}.delegate") == b"1" for space in ("user", "trusted"))


def _attribute(path: Path, name: str) -> bytes | None:
    try:
        return os.getxattr(path, name)
    except OSError:
        return None


def _name(pid: int) -> str:
    return HERE.text(f"proc/{pid}/comm") or "?"


def _reset(peak: Path) -> Literal["descriptor"] | None:
    """Since Linux 6.12 writing through a descriptor starts a new peak for it alone; before, opening it so fails."""
    try:
        with peak.open("r+") as file:
            file.write("0")
    except OSError:
        return None
    return "descriptor"


def _restrict(path: Path, limits: Limits, memory: int, means: str) -> tuple[Enforced, ...]:
    swap = path / "memory.swap.max"
    return (
        limit_memory(path / LAYOUT.limit, memory, means, _above(path.parent)),
        limit_swap(limits.swap_bytes, means, swap, str(limits.swap_bytes), lambda: read_bytes(swap)),
    )


def _at_limit(path: Path) -> int | None:
    """Allocations that were about to fail at the group's own limit; a kill for want of memory above is none."""
    return read_key(path / "memory.events", "oom")


def _above(group: Path) -> int | None:
    """The least limit of the group and those above it in bytes, None where none is visible."""
    found = [read_bytes(folder / "memory.max") for folder in (group, *group.parents)]
    return min((limit for limit in found if limit is not None), default=None)


LAYOUT = Layout(
    peak="memory.peak",
    current="memory.current",
    limit="memory.max",
    events="memory.events",
    faults_key="pgmajfault",
    anonymous_key="anon",
    file_key="file",
    reset=_reset,
    at_limit=_at_limit,
    restrict=_restrict,
)
