"""Standard streams that the caller closed: a file that is opened later must not take their place."""

from __future__ import annotations

import os
import sys
from typing import TextIO, cast


def open_closed() -> None:
    """Open the null device in place of each standard stream that is closed (``2>&-``)."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdin = sys.stdin or _stream(0, "r")
    sys.stdout = sys.stdout or _stream(1, "w")
    sys.stderr = sys.stderr or _stream(2, "w")


def _stream(descriptor: int, mode: str) -> TextIO:
    found = os.fdopen(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
    return cast("TextIO", found)
