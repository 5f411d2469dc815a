"""From what a work opened to the files that its trials read from disk: those that are to be warm, or to be cold."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.host.files import HERE
from harness.host.memory import total_bytes
from harness.model.spec import FileState

_OWN = Path(harness.__file__).resolve().parent
"""The harness's own files: read in each trial, but no part of a work. Their version is in its key."""
_NO_DISK = ("/proc/", "/sys/", "/dev/")
MOST_SHARE = 0.5
"""Of the memory: files that the work only opens are read whole before each trial, and must stay in the page cache."""


@dataclass(frozen=True)
class ReadFile:
    """A file, and what it was like; None for one that may well be another the next time."""

    path: str
    bytes: int
    state: FileState | None


@dataclass(frozen=True)
class Found:
    """The files, by path, and the bytes of those that are too large to be kept warm."""

    kept: tuple[ReadFile, ...]
    left_out_bytes: int = 0


def found(
    needed: Iterable[str], opened: Mapping[str, bool], began_ns: int, cache: Path, most_bytes: int | None = None
) -> Found:
    """Files of ``needed`` and of ``opened`` (path, whether for writing too) that can be read again.

    What the work wrote itself since ``began_ns``, outside ``cache``, is its scratch space and no content.
    """
    sure = {real for path in needed if (real := _real(path))}
    seen: dict[str, bool] = {}
    for path, writing in opened.items():
        if real := _real(path):
            seen[real] = seen.get(real, False) or writing
    paths = sorted(sure | seen.keys())
    files = [file for path in paths if (file := _look(path, seen.get(path, False), began_ns, cache)) is not None]
    return _small_enough(files, sure, int(MOST_SHARE * total_bytes(HERE)) if most_bytes is None else most_bytes)


def _small_enough(files: list[ReadFile], sure: set[str], most: int) -> Found:
    """The smallest of those that were only opened, as many as there is room for."""
    kept = {file.path for file in files if file.path in sure}
    room = most
    for file in sorted(files, key=lambda file: file.bytes):
        if file.path not in kept and file.bytes <= room:
            room -= file.bytes
            kept.add(file.path)
    left_out = sum(file.bytes for file in files if file.path not in kept)
    return Found(tuple(file for file in files if file.path in kept), left_out)


def _real(path: str) -> str:
    """Without links; empty for what is on no disk. A path with a NUL byte is none."""
    try:
        real = os.path.realpath(path)
    except (OSError, ValueError):
        return ""
    return "" if real.startswith(_NO_DISK) else real


def _look(path: str, writing: bool, began_ns: int, cache: Path) -> ReadFile | None:
    try:
        seen = os.stat(path)  # noqa: PTH116 - thousands of them
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(seen.st_mode) or not seen.st_size:
        return None
    file = Path(path)
    kept, fresh = file.is_relative_to(cache), seen.st_mtime_ns >= began_ns
    if writing and fresh and not kept:
        return None
    lasting = kept or not (writing or fresh or file.is_relative_to(_OWN))
    return ReadFile(path, seen.st_size, FileState(seen.st_size, seen.st_mtime_ns) if lasting else None)
