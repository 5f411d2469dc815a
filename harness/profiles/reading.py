"""A profile file as plain data, or the one reason why it cannot be read as TOML."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from harness import atomic
from harness.errors import UserError
from harness.profiles.fault import Defect, FieldPath, field_name
from harness.profiles.toml_lines import line_map, line_of

MAX_BYTES = 256 * 1024
"""A profile is a page of text; more than this is something else."""
MAX_DEPTH = 12
"""The deepest field of a profile stands seven deep."""
_MAX_BITS = 4096
"""Of a whole number: what is longer cannot even be printed."""
_DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*"|'[^'\n]*')[ \t]*+\.[ \t]*+){32}""")
"""A name of many parts. ``tomllib`` takes time with the square of their number: 20,000 take eight seconds."""
_TOO_DEEP = "the file is nested too deeply"


class BrokenFile(Exception):  # noqa: N818 - it says what the file is
    """The file cannot be read as TOML at all."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.defect = Defect(line, "", message, hint)


def read(file: Path) -> str:
    """The file's text. Raises BrokenFile, and UserError where there is no such file."""
    data = _bytes(file)
    if len(data) > MAX_BYTES:
        raise BrokenFile(1, f"the file has more than {MAX_BYTES} bytes", "a profile is a page of text")
    try:
        return atomic.text_of(data, file)
    except UserError as error:
        line = int(error.where.rpartition(":")[2])
        raise BrokenFile(line, error.what, error.hint) from None


def _bytes(file: Path) -> bytes:
    """The file's bytes, at most one more than a profile may have."""
    try:
        atomic.refuse_irregular(file)
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise atomic.unreadable(file, error) from None


def parse(text: str) -> dict[str, Any]:
    """The data of a TOML text. Raises BrokenFile."""
    dotted = _DOTTED.search(text)
    if dotted:
        raise BrokenFile(text.count("\n", 0, dotted.start()) + 1, _TOO_DEEP)
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise BrokenFile(1, _TOO_DEEP) from None
    except ValueError as error:
        raise BrokenFile(_syntax_line(str(error), text), f"not TOML: {_without_place(str(error))}") from None
    _refuse_extremes(data, text)
    return data


def _refuse_extremes(data: dict[str, Any], text: str) -> None:
    """Raises BrokenFile for what is nested deeper, or longer, than anything that works on the data can stand."""
    waiting: list[tuple[FieldPath, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise BrokenFile(_line(path, text), f"{field_name(path)} is a number of too many digits")
        if len(path) > MAX_DEPTH:
            raise BrokenFile(_line(path, text), _TOO_DEEP)
        inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting += [((*path, key), inner) for key, inner in inside]


def _line(path: FieldPath, text: str) -> int:
    try:
        return line_of(path, line_map(text))
    except RecursionError:
        return 1


def _syntax_line(message: str, text: str) -> int:
    match = re.search(r"\(at line (\d+)", message)
    return int(match.group(1)) if match else text.rstrip("\n").count("\n") + 1


def _without_place(message: str) -> str:
    return re.sub(r" \(at (line|end).*\)$", "", message)
