"""The table of results, for the terminal and for docs/performance.md, where it stands between two marks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness import host
from harness.model.units import GIB
from tests.perf.processes import ROOT
from tests.perf.result import Result

DOCUMENT = ROOT / "docs/performance.md"
BEGIN = "<!-- begin: written by `make perf` -->"
END = "<!-- end: written by `make perf` -->"
HEADINGS = ("item", "figure", "value (95 % interval)", "target", "")


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """The cells of each result."""
    return [(r.item, r.figure, r.shown, r.target, r.verdict) for r in results]


def plain(results: Sequence[Result]) -> str:
    """Columns of text."""
    table = [HEADINGS, *rows(results)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(map(str.ljust, cells, widths)).rstrip() for cells in table)


def markdown(results: Sequence[Result], load: float) -> str:
    """A table in Markdown, and a sentence on where it was measured; ``load`` is the load average before it began."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *rows(results)]
    return "\n".join([_where(load), "", *("| " + " | ".join(cells) + " |" for cells in lines)])


def _where(load: float) -> str:
    here = host.environment()
    commit = f"commit {here.git_commit[:12]}{' with changes' if here.git_dirty else ''}, " if here.git_commit else ""
    machine = f"{here.cpu}, {here.cores} cores, {here.memory_bytes / GIB:.0f} GiB, Linux {here.kernel}"
    software = f"Python {here.python}, torch {here.packages['torch']}"
    day = datetime.now(UTC).date()
    return f"Measured on {day}, {commit}on {machine}, {software}; load average before it began: {load:.2f}."


def write(text: str, document: Path = DOCUMENT) -> None:
    """Put ``text`` between the marks. Raises ValueError where they are not there."""
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document} lacks the marks {BEGIN} and {END}")
    document.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def load_average() -> float:
    """Of the last minute."""
    return os.getloadavg()[0]
