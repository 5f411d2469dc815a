"""What malloc holds, by glibc's own statistics. Other C libraries keep none that could be asked for."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable

from harness.meters.counter import one
from harness.model.measure import Measurement, Stage
from harness.model.memory import ALLOCATOR_FREE, ALLOCATOR_USED

NOT_GLIBC = "the C library is not glibc: it keeps no statistics of its allocator"
TOO_OLD = "glibc before 2.33 has no mallinfo2, and mallinfo wraps at 2 GiB"
REPLACED = "another allocator took malloc's place: glibc's statistics are empty"


class Mallinfo2(ctypes.Structure):
    """``struct mallinfo2`` of malloc.h."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    )  # fmt: skip

    hblkhd: int
    uordblks: int
    fordblks: int


class Allocator:
    """Bytes that the program holds of malloc's, and bytes that it freed and malloc kept; over all arenas."""

    def __init__(self, ask: Callable[[], Mallinfo2 | str] | None = None) -> None:
        self._ask = ask or mallinfo2

    def begin(self) -> None:
        """Nothing to reset: malloc keeps no peak."""

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """Both figures now, or why there are none."""
        info = self._ask()
        if isinstance(info, str):
            return one(ALLOCATOR_USED, stage, None, info), one(ALLOCATOR_FREE, stage, None, info)
        used = info.uordblks + info.hblkhd
        return one(ALLOCATOR_USED, stage, float(used), None), one(ALLOCATOR_FREE, stage, float(info.fordblks), None)


def mallinfo2() -> Mallinfo2 | str:
    """glibc's statistics, or why there are none, in a sentence."""
    if glibc() is None:
        return NOT_GLIBC
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return TOO_OLD
    ask.restype = Mallinfo2
    info: Mallinfo2 = ask()
    return info if info.uordblks or info.hblkhd else REPLACED


def glibc() -> str | None:
    """Its version, e.g. ``glibc 2.36``; None where the C library is another."""
    try:
        found = os.confstr("CS_GNU_LIBC_VERSION")
    except (OSError, ValueError):
        return None
    return found or None
