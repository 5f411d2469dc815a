"""What must hold in each figure of a profile: its unit, a value that can be, a source, a date, a scope."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from harness.model.units import FACTORS
from harness.profiles.fault import Fault, FieldPath, nearest, number_in, quoted
from harness.profiles.unit_hints import unit_hint

DIMENSIONS: dict[tuple[str, ...], str] = {
    ("memory", "nominal"): "B",
    ("memory", "usable"): "B",
    ("memory", "reserve"): "B",
    ("memory", "swap"): "B",
    ("memory", "bandwidth_peak"): "B/s",
    ("memory", "bandwidth_copy_1t"): "B/s",
    ("memory", "bandwidth_copy"): "B/s",
    ("target", "memory"): "B",
    ("target", "peak_fp32"): "FLOP/s",
    ("target", "peak_fp16"): "FLOP/s",
    ("target", "peak_int8"): "OP/s",
    ("target", "bandwidth_peak"): "B/s",
    ("target", "bandwidth_copy"): "B/s",
    ("target", "thread_speedup"): "1",
    ("target", "clusters", "cores"): "cores",
    ("target", "clusters", "clock"): "Hz",
    ("target", "clusters", "flop_per_cycle_fp32"): "FLOP/cycle",
    ("power", "idle"): "W",
    ("power", "load"): "W",
    ("npu", "peak_int8"): "OP/s",
    ("network", "bandwidth"): "bit/s",
    ("network", "round_trip"): "s",
    ("price",): "money",
}
"""Where figures stand, and the base unit of each; ``money`` is any currency."""

_CURRENCIES = ["USD", "EUR"]

DTYPES = ("float64", "float32", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2", "int8", "int4")
SCOPES = ("gpu", "package", "module", "board", "wall")

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?\Z")
_LAST_YEAR = 2100
"""A later date is wrong whatever the clock says. That of a small board may be behind, and decides nothing."""
_MAY_BE_ZERO = {("memory", "reserve"), ("memory", "swap")}


def figure_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """Everything that is wrong with the figures in ``data``, each by itself."""
    for names, dimension in DIMENSIONS.items():
        for path, figure in tables_at(data, names, ()):
            yield from _unit(path, figure, dimension)
            yield from _value(path, figure, may_be_zero=names in _MAY_BE_ZERO)
            yield from origin_faults(path, figure)
            yield from _scope(path, figure, needed=names[0] == "power")


def tables_at(value: Any, names: tuple[str, ...], path: FieldPath) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """The tables at ``names``, through arrays, with their paths."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from tables_at(inner, names, (*path, index))
    elif isinstance(value, dict) and not names:
        yield path, value
    elif isinstance(value, dict) and names[0] in value:
        yield from tables_at(value[names[0]], names[1:], (*path, names[0]))


def _unit(path: FieldPath, figure: dict[str, Any], dimension: str) -> Iterator[Fault]:
    unit = figure.get("unit")
    right = units_of(dimension)
    if not isinstance(unit, str) or unit in right:
        return
    other = f"unit is {quoted(unit)}, which is not a unit of {path[-1]}"
    message = other if unit in FACTORS else f"no unit is called {quoted(unit)}"
    yield Fault((*path, "unit"), message, unit_hint(unit, right))


def units_of(dimension: str) -> list[str]:
    """How that base unit may be written in a file."""
    if dimension == "money":
        return _CURRENCIES
    return [unit for unit, (base, _) in FACTORS.items() if base == dimension]


def _value(path: FieldPath, figure: dict[str, Any], may_be_zero: bool) -> Iterator[Fault]:
    value = number_in(figure.get("value"))
    if value is None:
        return
    if not math.isfinite(value):
        yield Fault((*path, "value"), "value is not a finite number")
    elif value < 0 or (value == 0 and not may_be_zero):
        yield Fault((*path, "value"), f"value is {value:g}", "leave out a figure that is not known")
    elif path[-1] == "cores" and value != int(value):
        yield Fault((*path, "value"), f"value is {value:g}", "cores are whole")


def count_fault(path: FieldPath, value: Any) -> Iterator[Fault]:
    """A number of things that is below 1."""
    if isinstance(value, int) and not isinstance(value, bool) and value < 1:
        yield Fault(path, f"{path[-1]} is {quoted(value)}", "a whole number from 1")


def dtype_fault(path: FieldPath, value: Any) -> Iterator[Fault]:
    """A data type that there is not."""
    if isinstance(value, str) and value not in DTYPES:
        bits = [name for name in DTYPES if re.findall(r"[0-9]+", name)[:1] == re.findall(r"[0-9]+", value)[:1]]
        hint = nearest(value, bits, "one of " + ", ".join(DTYPES))
        yield Fault(path, f"no data type is called {quoted(value)}", hint)


def origin_faults(path: FieldPath, figure: dict[str, Any]) -> Iterator[Fault]:
    """A source that says nothing, and dates that cannot be."""
    source = figure.get("source")
    if isinstance(source, str) and not source.strip():
        yield Fault((*path, "source"), "source is empty", "name the page, data sheet or measurement")
    yield from _dates(path, figure)


def _dates(path: FieldPath, figure: dict[str, Any]) -> Iterator[Fault]:
    for name, may_come in (("date", False), ("recheck", True)):
        text = figure.get(name)
        reason = _date_reason(text, may_come) if isinstance(text, str) and (text or name == "date") else None
        if reason:
            yield Fault((*path, name), f"{name} is {quoted(text)}, {reason}", "YYYY-MM-DD, YYYY-MM or YYYY")


def first_day(text: str) -> date | None:
    """The first day that a date of a profile stands for; None where there is no such date."""
    match = _DATE.match(text)
    if not match:
        return None
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _date_reason(text: str, may_come: bool) -> str | None:
    if not _DATE.match(text):
        return "which is not a date"
    when = first_day(text)
    if when is None:
        return "which does not exist"
    return "which is in the future" if when.year > _LAST_YEAR and not may_come else None


def _scope(path: FieldPath, figure: dict[str, Any], needed: bool) -> Iterator[Fault]:
    scope = figure.get("scope", "")
    if not isinstance(scope, str) or scope in SCOPES or not (needed or scope):
        return
    said = f"scope is {quoted(scope)}" if scope else "a power figure needs its scope"
    yield Fault((*path, "scope") if scope else path, said, "one of " + ", ".join(SCOPES))
