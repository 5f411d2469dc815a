"""JSON arrays and JSON Lines as entries with the line that each begins on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.vendor.about import Line

_SPACE = " \t\r\n,"


def entries(file: str, text: str) -> Iterator[tuple[Line, dict[str, Any]]]:
    """Each object of an array, or of a file with an object a line. Raises UserError that names the line."""
    at = len(text) - len(text.lstrip())
    array = text[at : at + 1] == "["
    at += array
    while True:
        while at < len(text) and text[at] in _SPACE:
            at += 1
        if at >= len(text) or (array and text[at] == "]"):
            _closed(file, text, at, array)
            return
        line = Line(file, text.count("\n", 0, at) + 1, "")
        found, at = _one(file, text, at)
        if not isinstance(found, dict):
            raise line.refuse(f"there is {type(found).__name__} where an object must be", "an array of objects")
        yield line, found


def _one(file: str, text: str, at: int) -> tuple[Any, int]:
    try:
        return json.JSONDecoder().raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise Line(file, error.lineno, "").refuse(f"not JSON: {error.msg}", "copy the file whole") from None
    except ValueError:
        raise Line(file, text.count("\n", 0, at) + 1, "").refuse("not JSON: a number of too many digits") from None
    except RecursionError:
        raise Line(file, 1, "").refuse("nested too deeply", "an array of objects") from None


def _closed(file: str, text: str, at: int, array: bool) -> None:
    if array and at >= len(text):
        raise Line(file, text.count("\n") + 1, "").refuse("the array does not end", "copy the file whole")
