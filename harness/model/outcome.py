"""How a trial ended: always a value, never an exception and never a zero."""

from __future__ import annotations

from msgspec import Struct


class Ok(Struct, frozen=True, tag="ok"):
    """It ran to its end."""


class Thrashes(Struct, frozen=True, tag="thrashes"):
    """It stays under the limit only by reading the same pages from disk again and again."""

    limit_bytes: int
    major_faults: int


class DoesNotFit(Struct, frozen=True, tag="does_not_fit"):
    """The kernel killed it or a process that it started at a limit that was read back, or an allocation failed there.

    ``reached_bytes`` is the highest use the kernel saw, None where it could not be read.
    """

    limit_bytes: int
    reached_bytes: int | None
    how: str


class Unsupported(Struct, frozen=True, tag="unsupported"):
    """It cannot be tried here, and why."""

    reason: str


class TimedOut(Struct, frozen=True, tag="timed_out"):
    """It did not end within its time limit."""

    limit_seconds: float
    stage: str
    thrashing: bool = False
    """True where it had not completed a step, for reading the same pages from disk again and again under its limit."""


class Failed(Struct, frozen=True, tag="failed"):
    """The workload, the suite or the child went wrong; ``error`` is one line, ``detail`` a traceback or output tail."""

    error: str
    stage: str
    detail: str = ""


Outcome = Ok | Thrashes | DoesNotFit | Unsupported | TimedOut | Failed


def name_of(outcome: Outcome) -> str:
    """The outcome's word as it stands in files and tables, e.g. ``does_not_fit``."""
    return str(outcome.__struct_config__.tag)
