"""Logs of other benchmarks as anchors: which tool wrote it, and its reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from harness import atomic
from harness.errors import UnknownName, UserError
from harness.vendor import benchncnn, llama_bench, trtexec
from harness.vendor.about import About, Imported

MOST_BYTES = 64 << 20
"""A log of more is none of these."""


class _Format(Struct, frozen=True):
    looks_like: Callable[[str], bool]
    read: Callable[[str, str, About], Imported]


FORMATS = {
    "benchncnn": _Format(benchncnn.looks_like, benchncnn.read),
    "llama-bench": _Format(llama_bench.looks_like, llama_bench.read),
    "trtexec": _Format(trtexec.looks_like, trtexec.read),
}


def read(file: Path, about: About, kind: str | None = None) -> Imported:
    """The anchors of a log; ``kind`` None: guessed. Raises UserError that names the line."""
    text = atomic.text_of(atomic.read_given(file, MOST_BYTES, "a log is smaller", stdin=True), file)
    name = kind or guess(file, text)
    if name not in FORMATS:
        raise UnknownName("log format", name, list(FORMATS))
    found = FORMATS[name].read(str(file), text, about)
    if all(group.date for group in found.groups):
        return found
    today = datetime.now(tz=UTC).date().isoformat()
    dated = tuple(g if g.date else replace(g, date=today) for g in found.groups)
    note = f"nothing says when it was measured: {today} is taken, give --date"
    return replace(found, groups=dated, notes=(*found.notes, note))


def guess(file: Path, text: str) -> str:
    """The format of a log. Raises UserError where none fits."""
    for name, known in FORMATS.items():
        if known.looks_like(text):
            return name
    what = "this is no log of " + ", ".join(FORMATS)
    raise UserError(what, where=f"{file}:1", hint="say which with --format, to learn what is missing")
