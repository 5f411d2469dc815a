"""What the section on load shows, as frozen data. Strings are ready to place and not escaped."""

from __future__ import annotations

from msgspec import Struct


class LoadTable(Struct, frozen=True):
    """One workload on one tier of this host in one of MLPerf's scenarios; all its figures are measured."""

    row: int
    """Of the matrix."""
    anchor: str
    name: str
    tier: str
    colour: int
    scenario: str
    asked: str
    """What was asked of it."""
    said: tuple[str, ...]
    """What came of it, in sentences; the first is the headline."""
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    """A line a try, or a process; as many texts as there are columns."""
