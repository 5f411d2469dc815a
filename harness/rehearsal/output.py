"""What a workload prints while it is tried, whichever of its libraries or processes prints it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable

TAIL_BYTES = 2048
LINES = 12
_OUTPUT = 2
"""The descriptor on which all that is printed ends: a file, where the one who asks keeps it."""


def since_now() -> Callable[[], str]:
    """Return what gives the last lines of all that is printed from now on; nothing where that goes to no file."""
    start = _size()

    def last_lines() -> str:
        size = _size()
        begin = max(start, size - TAIL_BYTES)
        with open(f"/proc/self/fd/{_OUTPUT}", "rb") as printed:  # noqa: PTH123 - opened anew, to read
            text = os.pread(printed.fileno(), size - begin, begin)
        return "\n".join(text.decode("utf-8", "replace").strip().splitlines()[-LINES:])

    return last_lines if stat.S_ISREG(os.fstat(_OUTPUT).st_mode) else str


def _size() -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return os.fstat(_OUTPUT).st_size
