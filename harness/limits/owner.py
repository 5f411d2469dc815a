"""Names of groups, which say what harness process made them, so that those of dead ones can be told and swept."""

from __future__ import annotations

import itertools
import os
import re

from harness.host.processes import SESSION, START, stat_fields

PREFIX = "tierbench-"
_NAME = re.compile(rf"{PREFIX}(?P<namespace>\d+)-(?P<pid>\d+)-(?P<start>\d+)-")
_count = itertools.count(1)


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None where it is gone (or dead and not yet waited for)."""
    fields = stat_fields(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[START])


def session_of(pid: int) -> int | None:
    """The session the process belongs to, None where it is gone (or dead and not yet waited for)."""
    fields = stat_fields(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[SESSION])


def stem() -> str:
    """What the names of this process's groups begin with: ``tierbench-<pid namespace>-<pid>-<start time>-``."""
    pid = os.getpid()
    return f"{PREFIX}{_namespace()}-{pid}-{start_time(pid)}-"


def new_name(label: str) -> str:
    """A name for a new group of this process, with ``label`` for people who look."""
    return f"{stem()}{next(_count)}-{re.sub(r'[^A-Za-z0-9_]+', '-', label)[:60]}"


def is_orphan(name: str) -> bool:
    """Whether a group of that name was made by a harness of this pid namespace which is dead."""
    found = _NAME.match(name)
    if not found or int(found["namespace"]) != _namespace():
        return False
    return start_time(int(found["pid"])) != int(found["start"])


def _namespace() -> int:
    return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - its inode, not the target's path
