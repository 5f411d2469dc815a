"""Whether a failure was the cache's: its disk is full, or this user may not write there. The work is not to blame."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from harness.errors import MachineError
from harness.model.measure import Finding
from harness.model.spec import CACHE_FAILED

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_FULL_WORDS = ("no space left on device", "os error 28", "disk quota exceeded", "errno 28")
_LITTLE_BYTES = 1 << 20
"""With less than this left, whoever speaks of a full disk without naming it may well mean this one."""


def found(error: BaseException, cache: Path) -> Finding | None:
    """What became of the cache, with the path as its hint; None where the failure was of another kind."""
    for link in _chain(error):
        if isinstance(link, MachineError) and _is_below(link.where, cache):
            return Finding("error", CACHE_FAILED, link.what, link.where)
        if isinstance(link, OSError) and link.errno in (*_FULL, *_REFUSED):
            return _of(link, cache)
        if any(words in str(link).lower() for words in _FULL_WORDS) and _is_full(cache):
            return Finding("error", CACHE_FAILED, "the disk is full", str(cache))
    return None


def _of(error: OSError, cache: Path) -> Finding | None:
    full = error.errno in _FULL
    named = next((os.fsdecode(n) for n in (error.filename, error.filename2) if isinstance(n, str | bytes)), "")
    if _is_below(named, cache) or (full and not named and _is_full(cache)):
        what = "the disk is full" if full else error.strerror or str(error)
        return Finding("error", CACHE_FAILED, what, named or str(cache))
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _is_below(path: str, cache: Path) -> bool:
    return bool(path) and Path(path).is_relative_to(cache)


def _is_full(cache: Path) -> bool:
    try:
        disk = os.statvfs(cache if cache.exists() else cache.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _LITTLE_BYTES or (disk.f_files > 0 and disk.f_favail == 0)
