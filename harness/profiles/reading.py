"""A profile file as plain data, or the one reason why it cannot be read as TOML."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.profiles.fault import Defect

MAX_BYTES = 256 * 1024
"""A profile is a page of text; more than this is something else."""


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
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BrokenFile(data.count(b"\n", 0, error.start) + 1, "the file is not UTF-8 text") from None


def _bytes(file: Path) -> bytes:
    """The file's bytes, at most one more than a profile may have."""
    try:
        if file.exists() and not file.is_file():
            raise UserError("is not a file", where=str(file))
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot be read: {getattr(error, 'strerror', None) or error}", where=str(file)) from None


def parse(text: str) -> dict[str, Any]:
    """The data of a TOML text. Raises BrokenFile."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BrokenFile(1, "the file is nested too deeply") from None
    except ValueError as error:
        raise BrokenFile(_syntax_line(str(error), text), f"not TOML: {_without_place(str(error))}") from None


def _syntax_line(message: str, text: str) -> int:
    match = re.search(r"\(at line (\d+)", message)
    return int(match.group(1)) if match else text.rstrip("\n").count("\n") + 1


def _without_place(message: str) -> str:
    return re.sub(r" \(at (line|end).*\)$", "", message)
