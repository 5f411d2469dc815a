"""The table of results, for the terminal and for docs/performance.md, where it stands between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness import host
from harness.model.units import GIB
from tests.perf.processes import ROOT
from tests.perf.result import Result
from tests.perf.suites.perf.busy import turns_of_a_millisecond

DOCUMENT = ROOT / "docs/performance.md"
OPTION = "--only"
WHOLE, PART = "make perf", f"python -m tests.perf {OPTION}"
"""Who writes a table, as the marks around it say."""
QUIET_LOAD = 0.25
"""Of a core: more was going on than a look around."""
BUSY = "**Other work ran on this machine, so that targets of time are not to be judged by this table.**"
HEADINGS = ("item", "figure", "value (95 % interval)", "target", "")


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """The cells of each result."""
    return [(r.item, r.figure, r.shown, r.target, r.verdict) for r in results]


def plain(results: Sequence[Result]) -> str:
    """Columns of text."""
    table = [HEADINGS, *rows(results)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(map(str.ljust, cells, widths)).rstrip() for cells in table)


def markdown(results: Sequence[Result], where: str) -> str:
    """A table in Markdown below the sentence on where it was measured."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *rows(results)]
    return "\n".join([where, "", *("| " + " | ".join(cells) + " |" for cells in lines)])


def where(load: float) -> str:
    """A sentence on code and machine as they are now; ``load`` is the load average of the last minute."""
    here = host.environment()
    commit = f"commit {here.git_commit[:12]}{' with changes' if here.git_dirty else ''}, " if here.git_commit else ""
    machine = f"{here.cpu}, {here.cores} cores, {here.memory_bytes / GIB:.0f} GiB, Linux {here.kernel}"
    software = f"Python {here.python}, torch {here.packages['torch']}"
    day = datetime.now(UTC).date()
    speed = f"a core takes the checksum of 4 KiB {turns_of_a_millisecond():,} times in a millisecond"
    said = f"Measured on {day}, {commit}on {machine}, {software}; {speed}; load average before it began: {load:.2f}."
    return f"{said} {BUSY}" if load > QUIET_LOAD * here.cores else said


def part(items: Sequence[str]) -> str:
    """Who writes a table of these items alone."""
    return f"{PART} {f' {OPTION} '.join(items)}"


def write(text: str, by: str = WHOLE, document: Path = DOCUMENT) -> None:
    """Put ``text`` between the marks of ``by``, which a part that has none yet gets below the others.

    Raises ValueError where there is no place for it.
    """
    begin, end = marks(by)
    before, found, rest = document.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not found and by.startswith(PART):
        before, last, rest = before.rpartition(f"<!-- end: written by `{PART}")
        line, closed, after = rest.partition("\n")
        before, after = f"{before}{last}{line}\n\n", f"\n{after}"
        closed = closed and last
    if not closed:
        raise ValueError(f"{document} lacks the marks {begin} and {end}")
    document.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def marks(by: str) -> tuple[str, str]:
    """The lines between which a table stands."""
    return f"<!-- begin: written by `{by}` -->", f"<!-- end: written by `{by}` -->"
