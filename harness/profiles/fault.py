"""A Fault, and reading the plain data of a profile that may be broken anywhere."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.model.units import FACTORS

FieldPath = tuple[str | int, ...]
"""E.g. ``("target", 0, "clusters", 1, "clock", "unit")``."""

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
ID_HINT = "lower-case letters, digits and single '-'"


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
    """The figure at ``names`` in the base unit ``dimension``; None where it is missing or broken."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return None
    number, unit = number_in(value.get("value")), value.get("unit")
    base, factor = FACTORS.get(unit, ("", 0.0)) if isinstance(unit, str) else ("", 0.0)
    return None if number is None or not math.isfinite(number) or base != dimension else number * factor


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
