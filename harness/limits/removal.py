"""Emptying and removing kernel groups, one's own and those of dead harness processes."""

from __future__ import annotations

import os
from pathlib import Path

from harness.limits.files import read_pids, write
from harness.limits.hierarchy import Hierarchy, orphans
from harness.limits.processes import kill_until_gone, retry


def empty(path: Path) -> bool:
    """Kill every process in the group and below it; False where something stayed."""
    if (path / "cgroup.kill").exists():
        write(path / "cgroup.kill", "1")
    return kill_until_gone(lambda: members(path))


def members(path: Path) -> list[int]:
    """Processes in the group and below it."""
    return [pid for folder in _folders(path) for pid in read_pids(folder / "cgroup.procs")]


def remove(path: Path) -> bool:
    """Remove an empty group and those below it, trying again while the kernel is still busy; False where it stays."""
    return retry(lambda: _remove(path))


def sweep(hierarchy: Hierarchy | None) -> list[str]:
    """Kill what is in the groups of dead harness processes and remove them; a sentence for each."""
    return [_sweep_one(path) for path in orphans(hierarchy)] if hierarchy else []


def _sweep_one(path: Path) -> str:
    inside = len(members(path))
    if not (empty(path) and remove(path)):
        return f"could not remove the group {path} of a dead run"
    killed = f" and killed {inside} process{'es' if inside != 1 else ''} in it" if inside else ""
    return f"removed the group {path.name} of a dead run{killed}"


def _remove(path: Path) -> bool:
    return all(_rmdir(folder) for folder in _folders(path))


def _folders(path: Path) -> list[Path]:
    """The group and those below it, children first. systemd may remove some while we look, which walk forgives."""
    return [Path(folder) for folder, _, _ in os.walk(path, topdown=False)]


def _rmdir(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        # Only when it is busy: reclaiming the group's pages would make the next trial read its libraries from disk.
        write(path / "memory.force_empty", "0")
        return False
    return True
