"""How much memory this machine has for us: the kernel's account, and the limit of the control group we are in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePosixPath

from harness.host.files import Files

_LIMITS = {"": "memory.max", "memory": "memory.limit_in_bytes"}
"""Controller in ``/proc/self/cgroup`` (empty for v2) -> the file that holds the limit."""


def meminfo(files: Files, field: str) -> int | None:
    """A field of ``/proc/meminfo`` in bytes."""
    value = files.fields("proc/meminfo").get(field, "").split()
    return int(value[0]) * 1024 if value and value[0].isdecimal() else None


def page_bytes() -> int:
    """The size of a page of this machine's memory: 4096, or 16384 as on a Raspberry Pi 5."""
    return os.sysconf("SC_PAGE_SIZE")


def total_bytes(files: Files) -> int:
    """The machine's memory, or the limit of our own control group where that is smaller."""
    total = meminfo(files, "MemTotal") or 0
    return min([total, *([limit] if (limit := group_limit(files)) is not None else [])])


def swap_bytes(files: Files) -> int:
    """The machine's swap; 0 where there is none."""
    return meminfo(files, "SwapTotal") or 0


def group_limit(files: Files) -> int | None:
    """The least memory limit of the control groups that this process is in; None where there is none."""
    limits = [files.number(path) for path in group_files(files, _LIMITS)]
    total = meminfo(files, "MemTotal")
    real = [limit for limit in limits if limit is not None and (total is None or limit < total)]
    return min(real, default=None)


def group_files(files: Files, names: dict[str, str]) -> Iterator[str]:
    """The files ``names`` (controller -> file) of our own control groups and of those above them."""
    mounts = _mounts(files)
    lines = (files.exact("proc/self/cgroup") or "").split("\n")
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        for controller in controllers.split(","):
            if controller in names and controller in mounts:
                for group in _upwards(path):
                    yield f"{mounts[controller]}/{group}/{names[controller]}".replace("//", "/")


def _upwards(path: str) -> list[str]:
    own = PurePosixPath(path.strip("/"))
    return ["" if str(p) == "." else str(p) for p in (own, *own.parents)]


def _mounts(files: Files) -> dict[str, str]:
    """Controller -> mount point without the leading slash; the empty controller is cgroup v2."""
    found: dict[str, str] = {}
    rows = (line.split(" ") for line in (files.exact("proc/mounts") or "").split("\n"))
    for _, point, kind, options in (row[:4] for row in rows if len(row) >= 4):
        if kind == "cgroup2":
            found[""] = point.lstrip("/")
        elif kind == "cgroup":
            found |= dict.fromkeys(options.split(","), point.lstrip("/"))
    return found
