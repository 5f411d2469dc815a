"""The hash of a model's files: what tells it from another one of the same name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from harness.model.case import Case


def sha256(files: Sequence[str]) -> str:
    """Of the file, as ``sha256sum`` says it; where there are several, of their names and hashes. Raises OSError."""
    if len(files) == 1:
        return _of_file(Path(files[0]))
    lines = sorted(f"{Path(file).name} {_of_file(Path(file))}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _of_file(path: Path) -> str:
    """Its pages leave the page cache again: they would belong to this process, and make a cold start a warm one."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        with suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return digest


def changed(cases: Iterable[Case]) -> list[str]:
    """The models of these cases whose files are no longer those that they were when the cases were planned."""
    known = {own.source: own for case in cases if (own := case.workload.own) is not None}
    return [source for source, own in known.items() if _hash_now(own.files) != own.sha256]


def _hash_now(files: Sequence[str]) -> str:
    try:
        return sha256(files)
    except OSError:
        return ""
