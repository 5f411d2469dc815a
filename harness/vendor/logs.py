"""Logs of other benchmarks as anchors: which tool wrote it, and its reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

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
    text = _text(file)
    name = kind or guess(file, text)
    if name not in FORMATS:
        raise UnknownName("log format", name, list(FORMATS))
    found = FORMATS[name].read(str(file), text, about)
    today = datetime.now(tz=UTC).date().isoformat()
    return replace(found, groups=tuple(g if g.date else replace(g, date=today) for g in found.groups))


def guess(file: Path, text: str) -> str:
    """The format of a log. Raises UserError where none fits."""
    for name, known in FORMATS.items():
        if known.looks_like(text):
            return name
    what = "this is no log of " + ", ".join(FORMATS)
    raise UserError(what, where=f"{file}:1", hint="say which with --format, to learn what is missing")


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(file)) from None
    if len(data) > MOST_BYTES:
        raise UserError(f"the file has more than {MOST_BYTES >> 20} MiB", where=str(file), hint="a log is smaller")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError("the file is not UTF-8 text", where=f"{file}:{line}", hint="save it as UTF-8") from None
