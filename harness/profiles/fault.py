"""A Fault, and reading the plain data of a profile that may be broken anywhere."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from harness.model.units import FACTORS

FieldPath = tuple[str | int, ...]
"""E.g. ``("target", 0, "clusters", 1, "clock", "unit")``."""

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
ID_HINT = "lower-case letters, digits and single '-'"


def spelt(key: str) -> str:
    """A key as it can stand in a line for people: quoted and escaped where it is not a plain word."""
    return key if _WORD.match(key) else ascii(key[:40])


def quoted(value: object) -> str:
    """A value of the file as it can stand in a line for people: escaped, and cut where it is long."""
    text = ascii(value[:80] if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def nearest(wrong: str, known: list[str], otherwise: str) -> str:
    """A hint with the nearest of ``known``, letters' case aside; ``otherwise`` where none is near."""
    same = [name for name in known if name.casefold() == wrong.casefold()]
    near = same or get_close_matches(wrong[:40], known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else otherwise


def last_key(path: FieldPath) -> str:
    """The last name in ``path``, for people."""
    names = [part for part in path if isinstance(part, str)]
    return spelt(names[-1]) if names else "the profile"


def field_name(path: FieldPath) -> str:
    """A field as it is written for people: ``target[0].clusters[1].clock``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{spelt(part)}" for part in path).lstrip(".")


class Fault(NamedTuple):
    """One thing that is wrong, and what would be right."""

    path: FieldPath
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Defect:
    """A fault in a file: its line from 1, the field, what is wrong, and what would be right."""

    line: int
    field: str
    message: str
    hint: str = ""


def base_value(dimension: str, value: Any, *names: str) -> float | None:
    """The figure at ``names`` in the base unit ``dimension``; None where it is missing, broken or not above 0."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return None
    number, unit = number_in(value.get("value")), value.get("unit")
    base, factor = FACTORS.get(unit, ("", 0.0)) if isinstance(unit, str) else ("", 0.0)
    usable = number is not None and math.isfinite(number) and number > 0 and base == dimension
    return number * factor if usable and number is not None else None


def number_in(value: Any) -> float | None:
    """``value`` as a float, infinite where it is too large; None where it is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def list_in(value: Any) -> list[Any]:
    """``value`` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
