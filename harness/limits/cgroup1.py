"""cgroup v1: a memory group below the harness's own, as root."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from harness.host.memory import page_bytes
from harness.limits import removal
from harness.limits.cgroup import CgroupGroup, Layout, attempt, build, limit_memory, limit_swap
from harness.limits.files import read_bytes, read_key
from harness.limits.hierarchy import memory_v1, own_group
from harness.model.case import Limits
from harness.model.record import Enforced

ID = "cgroup1"


def unusable() -> str | None:
    """Why no memory group can be made below this process's own; None where one can."""
    base = _base()
    return "no cgroup v1 memory hierarchy is mounted here" if base is None else attempt(base, LAYOUT)


def open_group(limits: Limits, label: str) -> CgroupGroup:
    """A memory group of the trial's own. Raises OSError."""
    base = _base()
    if base is None:
        raise FileNotFoundError(str(unusable()))
    return build(base, LAYOUT, ID, limits, label)


def sweep() -> list[str]:
    """Remove the groups of dead harness processes."""
    return removal.sweep(memory_v1())


def _base() -> Path | None:
    hierarchy = memory_v1()
    return own_group(hierarchy, "memory") if hierarchy else None


def _reset(_: Path) -> Literal["write"]:
    return "write"


def _restrict(path: Path, limits: Limits, memory: int, means: str) -> tuple[Enforced, ...]:
    # v1 limits memory and swap together, and wants memory's own limit first.
    enforced = limit_memory(path / LAYOUT.limit, memory, means, read_key(path.parent / "memory.stat", _ABOVE))
    both, page = path / "memory.memsw.limit_in_bytes", page_bytes()

    def swap() -> int | None:
        total = read_bytes(both)
        return None if total is None else total - memory // page * page

    return enforced, limit_swap(limits.swap_bytes, means, both, str(memory + limits.swap_bytes), swap)


def _at_limit(path: Path) -> int | None:
    """Allocations that met the limit on memory, or that on memory and swap, which the kernel looks at first."""
    found = [read_bytes(path / name) for name in ("memory.failcnt", "memory.memsw.failcnt")]
    return None if found[0] is None else sum(filter(None, found))


_ABOVE = "hierarchical_memory_limit"

LAYOUT = Layout(
    peak="memory.max_usage_in_bytes",
    current="memory.usage_in_bytes",
    limit="memory.limit_in_bytes",
    events="memory.oom_control",
    faults_key="total_pgmajfault",
    anonymous_key="total_rss",
    file_key="total_cache",
    reset=_reset,
    at_limit=_at_limit,
    restrict=_restrict,
)
