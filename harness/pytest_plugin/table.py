"""The table that follows pytest-benchmark's: plain lines, in its groups and its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.model.units import show

COLUMNS = {
    "host_peak_bytes": ("Peak", "B"),
    "host_baseline_bytes": ("Before", "B"),
    "host_delta_bytes": ("Delta", "B"),
    "gpu_allocated_peak_bytes": ("GPU allocated", "B"),
    "gpu_reserved_peak_bytes": ("GPU reserved", "B"),
    "energy_per_call_joules": ("Energy a call", "J"),
}
ALWAYS = frozenset({"host_peak_bytes", "host_baseline_bytes", "host_delta_bytes"})
"""Other columns are shown where a test has a value in them."""
HELD, MORE_BYTES = 3, 4 << 20
"""What all calls may take without a word: as much as three, since results of others are held, and the allocator's."""
Groups = Iterable[tuple[str | None, Sequence[Mapping[str, Any]]]]
"""What the hook ``pytest_benchmark_group_stats`` gives: names of groups and their tests."""
Row = tuple[str, Mapping[str, Any]]


def rows(groups: Groups, key: str) -> list[Row]:
    """Name and entry of each test of this session that has one; runs that it is compared with are left out."""
    own = [bench for _, group in groups for bench in group if bench["path"] is None and key in bench["extra_info"]]
    often = Counter(bench["name"] for bench in own)
    return [(b["name"] if often[b["name"]] == 1 else b["fullname"], b["extra_info"][key]) for b in own]


def lines(rows: Sequence[Row], asked: frozenset[str] = frozenset()) -> list[str]:
    """Header, a line a test, and the reasons for the dashes. Columns ``asked`` for are shown in any case."""
    shown = [name for name in COLUMNS if name in ALWAYS | asked or any(e.get(name) is not None for _, e in rows)]
    cells = [["Name", *(COLUMNS[name][0] for name in shown)]]
    cells += [[title, *(_cell(entry, name) for name in shown)] for title, entry in rows]
    return [*_aligned(cells), *_notes(rows, shown)]


def _cell(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return "-" if value is None else show(value, COLUMNS[name][1]) + _mark(entry, name)


def _mark(entry: Mapping[str, Any], name: str) -> str:
    """A star where the figure is of the whole benchmark rather than of one call."""
    return "*" if name.endswith("_bytes") and entry["memory_window"].startswith("all") else ""


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    made = [
        f"{c[0]:<{widths[0]}}" + "".join(f"  {x:>{w}}" for x, w in zip(c[1:], widths[1:], strict=True)) for c in cells
    ]
    return [line.rstrip() for line in made]


def _notes(rows: Sequence[Row], shown: Sequence[str]) -> list[str]:
    star = any(_mark(entry, name) for _, entry in rows for name in shown if entry.get(name) is not None)
    said = ["*: over all calls, timed rounds included"] if star else []
    return [*said, *(text for title, entry in rows if (text := _seldom(title, entry))), *_reasons(rows, shown)]


def _seldom(title: str, entry: Mapping[str, Any]) -> str:
    """A word where the timed calls held far more than the one that was measured: some of them take more than others."""
    one, every = entry.get("host_delta_bytes"), entry.get("host_delta_all_calls_bytes")
    if one is None or every is None or every <= HELD * one + MORE_BYTES:
        return ""
    return f"{title}: over all calls, timed rounds included, the process grew by up to {show(every, 'B')}"


def _reasons(rows: Sequence[Row], shown: Sequence[str]) -> list[str]:
    """Each reason for a dash once, with the columns that it is given for."""
    columns: dict[str, dict[str, None]] = {}
    for _, entry in rows:
        for name in shown:
            if name in entry["missing"]:
                columns.setdefault(entry["missing"][name], {})[COLUMNS[name][0]] = None
    return [f"-: {', '.join(titles)}: {reason}" for reason, titles in columns.items()]
