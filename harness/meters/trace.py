"""Traces of what sensors gave over time, as JSON Lines: a head, then a line a reading, ``[time_ns, source, value]``.

A source is a file's path, ``nvml:`` with the call's name, or ``command:`` with the command. A reading that failed has
its error as ``{"error": "..."}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from harness.errors import ContentError
from harness.model import codec

FORMAT = 1

T = TypeVar("T")


class Refused(Struct, frozen=True):
    """A reading that failed, and why."""

    error: str


Value = int | float | bool | str | tuple[str, float] | Refused
"""A file's or command's text, or what an NVML call gave."""


class Head(Struct, frozen=True):
    """What a trace is, and the names that its lines number from 0.

    ``origin`` says whether a machine gave it or a person; ``fixed`` are files that do not change, with their text.
    """

    format: int
    origin: Literal["recorded", "made by hand"]
    about: str
    sources: tuple[str, ...]
    fixed: dict[str, str] = {}


class Entry(Struct, frozen=True, array_like=True):
    """One reading, at a time in ns that only grows; ``source`` is an index of the head's ``sources``."""

    time_ns: int
    source: int
    value: Value


class Trace(Struct, frozen=True):
    """A head and its readings in the order of time."""

    head: Head
    entries: tuple[Entry, ...]


def lines(trace: Trace) -> Iterator[bytes]:
    """The trace as lines of a file."""
    for item in (trace.head, *trace.entries):
        yield codec.encode(item) + b"\n"


def parse(data: Iterable[bytes], name: str) -> Trace:
    """Lines as a trace; ``name`` is where they come from. Raises ContentError with the line that is wrong."""
    numbered = [(number, line) for number, line in enumerate(data, 1) if line.strip()]
    if not numbered:
        raise ContentError("the trace is empty", where=name)
    head = _decode(numbered[0], Head, name)
    if head.format > FORMAT:
        raise ContentError(f"the trace has format {head.format}, this tierbench reads up to {FORMAT}", where=name)
    entries: list[Entry] = []
    for number, line in numbered[1:]:
        entry = _decode((number, line), Entry, name)
        if not 0 <= entry.source < len(head.sources):
            raise ContentError(f"there is no source {entry.source}", where=f"{name}:{number}")
        if entries and entry.time_ns < entries[-1].time_ns:
            raise ContentError("the time goes back", where=f"{name}:{number}")
        entries.append(entry)
    return Trace(head, tuple(entries))


def load(path: Path) -> Trace:
    """A trace from a file. Raises ContentError."""
    try:
        return parse(path.read_bytes().splitlines(), str(path))
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _decode(numbered: tuple[int, bytes], kind: type[T], name: str) -> T:
    number, line = numbered
    try:
        return codec.decode(line, kind)
    except codec.FormatError as error:
        raise ContentError(f"no line of a trace: {error}", where=f"{name}:{number}") from None
