"""Reading and writing the kernel's small files: a failure is a value, not an exception."""

from __future__ import annotations

import os
from pathlib import Path

from harness.host import memory
from harness.host.files import HERE

UNLIMITED = 1 << 62
"""Bytes from which on a limit means none: v2 says ``max``, v1 the highest multiple of a page."""


def write(path: Path, text: str) -> str | None:
    """Write ``text``; None where the kernel took it, else what it said."""
    try:
        with path.open("w") as file:
            file.write(text)
    except OSError as error:
        return f"{path.name}: {error.strerror or error}"
    return None


def read(path: Path) -> str | None:
    """The file's text, bytes that are no text kept; None where it cannot be read."""
    return HERE.exact(os.fspath(path))


def read_bytes(path: Path) -> int | None:
    """A count of bytes; ``max`` is UNLIMITED, None where there is none to read."""
    text = (read(path) or "").strip()
    if text == "max":
        return UNLIMITED
    return min(int(text), UNLIMITED) if text.isdecimal() else None


def read_key(path: Path, key: str) -> int | None:
    """The number beside ``key`` in a file of ``key number`` lines, None where it is not there."""
    return HERE.counts(os.fspath(path)).get(key)


def read_pids(path: Path) -> list[int]:
    """Processes listed in a ``cgroup.procs`` file; empty where it is gone."""
    return [int(p) for p in (read(path) or "").split() if p.isdecimal()]


def meminfo(key: str) -> int | None:
    """A figure of /proc/meminfo in bytes, None where it is not there."""
    return memory.meminfo(HERE, key)
