"""The program of a ``.pt2`` before torch sees it: every text in it is of a kind that can hold no code.

torch evaluates sizes, compiles guards and the names of a graph's nodes, and looks operators up by attribute from its
own package, which reaches all of Python. So each text is held to what torch 2.13 itself writes in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from harness.adopted import expressions

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z|\Z", re.ASCII)
_DOTTED = re.compile(r"[\w.:+\-]*\Z", re.ASCII)
_OPERATOR = re.compile(
    r"torch\.ops\.(?!load_library)[a-z]\w*\.(?!from_file)\w+(?:\.[A-Za-z]\w*)?\Z"
    r"|torch\.(?:_?sym_\w+|_check|_assert)\Z|math\.[a-z]\w*\Z"
    r"|_operator\.(?:add|sub|mul|truediv|floordiv|mod|pow|neg|pos|abs|eq|ne|lt|le|gt|ge|and_|or_|xor|not_|invert|lshift"
    r"|rshift|getitem|index)\Z",
    re.ASCII,
)
_OF_IDENTIFIERS = {"name", "as_name", "forward_arg_names"}
_FREE = {"as_string", "as_strings", "metadata"}
"""Given to operators as texts, or kept as notes: torch quotes them."""
_SPECS = {"in_spec", "out_spec"}
_IMPORTING = {"__enum__", "default_factory_module", "default_factory_name"}
"""Keys of a tree's description for which torch imports a module that the file names."""


class NotAProgram(ValueError):  # noqa: N818 - it names what was found
    """A text that torch does not write, and that might be code."""


def require_plain(text: bytes) -> None:
    """Raises NotAProgram unless a program's JSON holds sizes, names and known kinds of operators alone."""
    try:
        document = json.loads(text)
        for place, found in _texts(document, ""):
            _require(place, found)
    except expressions.NotArithmetic as error:
        raise NotAProgram(f"an expression that is no arithmetic of sizes: {str(error)[:80]!r}") from None
    except RecursionError:
        raise NotAProgram("a graph that is nested without end") from None


def _texts(node: Any, place: str) -> Iterator[tuple[str, str]]:
    """Each text with the name of the field it stands in; what stands below a free one is free."""
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield "key", key
            yield from _texts(value, place if place in _FREE else key)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, place)


def _require(place: str, text: str) -> None:
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise NotAProgram(f"control characters in {place}")
    if place == "expr_str":
        expressions.require_size(text)
    elif place == "guards_code":
        expressions.require_guard(text)
    elif place in _SPECS:
        _require_tree(text)
    elif place not in _FREE and not _rule(place).match(text):
        raise NotAProgram(f"{text[:80]!r} as a {place.removeprefix('as_').replace('_', ' ')}")


def _rule(place: str) -> re.Pattern[str]:
    if place in {"target", "as_operator"}:
        return _OPERATOR
    return _IDENTIFIER if place in _OF_IDENTIFIERS else _DOTTED


def _require_tree(text: str) -> None:
    """How inputs are nested, as JSON within the JSON, and contexts within that."""
    if not text:
        return
    try:
        below = json.loads(text)
    except ValueError:
        return  # a plain text: torch reads it as JSON or not at all
    for place, found in _texts(below, ""):
        if place == "key" and found in _IMPORTING:
            raise NotAProgram("a description of inputs that names a module to import")
        if place == "context" and found != text:
            _require_tree(found)
