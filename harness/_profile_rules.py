"""What must hold in a hardware profile beyond its types: units, dates, sources and figures that agree.

Works on the plain data of a TOML file, however broken, so that all errors can be told at once. Private to ``profiles``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, NamedTuple

from harness.model.case import HOST
from harness.model.units import FACTORS, show

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """One thing that is wrong, and what would be right."""

    path: Path
    message: str
    hint: str = ""


DIMENSIONS: dict[tuple[str, ...], str] = {
    ("memory", "nominal"): "B",
    ("memory", "usable"): "B",
    ("memory", "reserve"): "B",
    ("memory", "swap"): "B",
    ("memory", "bandwidth_peak"): "B/s",
    ("memory", "bandwidth_copy_1t"): "B/s",
    ("target", "memory"): "B",
    ("target", "peak_fp32"): "FLOP/s",
    ("target", "peak_fp16"): "FLOP/s",
    ("target", "clusters", "cores"): "cores",
    ("target", "clusters", "clock"): "Hz",
    ("target", "clusters", "flop_per_cycle_fp32"): "FLOP/cycle",
    ("power", "idle"): "W",
    ("power", "load"): "W",
}
"""Where figures stand, and the base unit of each."""

DTYPES = ("float64", "float32", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2", "int8", "int4")
SCOPES = ("gpu", "package", "module", "board", "wall")
PEAK_TOLERANCE = 0.05
"""By how much a stated peak may differ from cores x clock x operations per cycle: clocks are rounded in data sheets."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")
_MAY_BE_ZERO = {("memory", "reserve"), ("memory", "swap")}
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def faults(data: dict[str, Any], file_id: str) -> list[Fault]:
    """Everything that is wrong with the meaning of ``data``, read from a file called ``file_id``."""
    return [
        *_identity(data, file_id),
        *_texts(data),
        *_figures(data),
        *_memory(data),
        *_targets(data),
    ]


def _identity(data: dict[str, Any], file_id: str) -> Iterator[Fault]:
    own = data.get("id")
    if isinstance(own, str) and own != file_id:
        yield Fault(("id",), f"id is {own!r} and the file is called {file_id!r}", "they must be the same")
    if data.get("kind") == "host":
        yield Fault(("kind",), "kind is 'host', which stands for the machine itself", "write 'board' or 'generic'")
    aliases = [a for a in _list(data.get("aliases")) if isinstance(a, str)]
    for path, name in [(("id",), own), *((("aliases", i), a) for i, a in enumerate(aliases))]:
        if isinstance(name, str):
            yield from _name(path, name)
    for index, alias in enumerate(aliases):
        if alias == own or alias in aliases[:index]:
            yield Fault(("aliases", index), f"the alias {alias!r} is there twice")


def _name(path: Path, name: str) -> Iterator[Fault]:
    if not _ID.match(name):
        yield Fault(path, f"{name!r} is not a name", "lower-case letters, digits and single '-'")
    elif name == HOST:
        yield Fault(path, f"{name!r} stands for the machine itself", "choose another name")


def _texts(data: dict[str, Any]) -> Iterator[Fault]:
    for path, text in _strings(data, ()):
        if _UNSEEN.search(text):
            yield Fault(path, f"{path[-1]} has control characters", "write plain text on one line")
    for key in ("name", "tier"):
        if isinstance(data.get(key), str) and not data[key].strip():
            yield Fault((key,), f"{key} is empty")


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, (*path, index))


def _figures(data: dict[str, Any]) -> Iterator[Fault]:
    for names, dimension in DIMENSIONS.items():
        for path, figure in _at(data, names, ()):
            yield from _unit(path, figure, dimension)
            yield from _value(path, figure, may_be_zero=names in _MAY_BE_ZERO)
            yield from _origin(path, figure)
            yield from _scope(path, figure, needed=names[0] == "power")


def _at(value: Any, names: tuple[str, ...], path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The tables at ``names``, through arrays, with their paths."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _at(inner, names, (*path, index))
    elif isinstance(value, dict) and not names:
        yield path, value
    elif isinstance(value, dict) and names[0] in value:
        yield from _at(value[names[0]], names[1:], (*path, names[0]))


def _unit(path: Path, figure: dict[str, Any], dimension: str) -> Iterator[Fault]:
    unit = figure.get("unit")
    right = units_of(dimension)
    if not isinstance(unit, str) or unit in right:
        return
    known = f"unit is {unit!r}, which is not a unit of {path[-1]}" if unit in FACTORS else f"no unit is called {unit!r}"
    near = get_close_matches(unit, right, n=1, cutoff=0.6)
    yield Fault((*path, "unit"), known, f"did you mean {near[0]}?" if near else "one of " + ", ".join(right))


def units_of(dimension: str) -> list[str]:
    """How that base unit may be written in a file."""
    return [unit for unit, (base, _) in FACTORS.items() if base == dimension]


def _value(path: Path, figure: dict[str, Any], may_be_zero: bool) -> Iterator[Fault]:
    value = _number(figure.get("value"))
    if value is None:
        return
    if not math.isfinite(value):
        yield Fault((*path, "value"), "value is not a finite number")
    elif value < 0 or (value == 0 and not may_be_zero):
        yield Fault((*path, "value"), f"value is {value:g}", "leave out a figure that is not known")
    elif path[-1] == "cores" and value != int(value):
        yield Fault((*path, "value"), f"value is {value:g}", "cores are whole")


def _origin(path: Path, figure: dict[str, Any]) -> Iterator[Fault]:
    source = figure.get("source")
    if isinstance(source, str) and not source.strip():
        yield Fault((*path, "source"), "source is empty", "name the page, data sheet or measurement")
    text = figure.get("date")
    if isinstance(text, str):
        reason = _date_reason(text)
        if reason:
            yield Fault((*path, "date"), f"date is {text!r}, {reason}", "YYYY-MM-DD, YYYY-MM or YYYY")


def _date_reason(text: str) -> str | None:
    match = _DATE.match(text)
    if not match:
        return "which is not a date"
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        when = date(year, month, day)
    except ValueError:
        return "a day that does not exist"
    tomorrow = datetime.now(tz=UTC).date() + timedelta(days=1)
    return "which is in the future" if when > tomorrow else None


def _scope(path: Path, figure: dict[str, Any], needed: bool) -> Iterator[Fault]:
    scope = figure.get("scope", "")
    if not isinstance(scope, str) or scope in SCOPES or not (needed or scope):
        return
    said = f"scope is {scope!r}" if scope else "a power figure needs its scope"
    yield Fault((*path, "scope") if scope else path, said, "one of " + ", ".join(SCOPES))


def _memory(data: dict[str, Any]) -> Iterator[Fault]:
    usable, nominal = _base(data, "memory", "usable"), _base(data, "memory", "nominal")
    reserve = _base(data, "memory", "reserve")
    if usable is not None and nominal is not None and usable > nominal:
        message = f"usable is {show(usable, 'B')}, above the nominal {show(nominal, 'B')}"
        yield Fault(("memory", "usable"), message)
    if usable is not None and reserve is not None and reserve >= usable:
        message = f"reserve is {show(reserve, 'B')}, which leaves nothing of the usable {show(usable, 'B')}"
        yield Fault(("memory", "reserve"), message)
    measured, peak = _base(data, "memory", "bandwidth_copy_1t"), _base(data, "memory", "bandwidth_peak")
    if measured is not None and peak is not None and measured > peak:
        message = f"the measured bandwidth {show(measured, 'B/s')} is above the peak {show(peak, 'B/s')}"
        yield Fault(("memory", "bandwidth_copy_1t"), message)


def _targets(data: dict[str, Any]) -> Iterator[Fault]:
    targets = data.get("target")
    if targets == []:
        yield Fault(("target",), "there is no target", "write [[target]] for the CPU")
    ids: list[str] = []
    for index, target in enumerate(_list(targets)):
        if isinstance(target, dict):
            yield from _target(("target", index), target, ids)
            ids += [target["id"]] if isinstance(target.get("id"), str) else []


def _target(path: Path, target: dict[str, Any], earlier: list[str]) -> Iterator[Fault]:
    own = target.get("id")
    if isinstance(own, str):
        if not _ID.match(own):
            yield Fault((*path, "id"), f"{own!r} is not a name", "lower-case letters, digits and single '-'")
        if own in earlier:
            yield Fault((*path, "id"), f"two targets are called {own!r}")
    for index, dtype in enumerate(_list(target.get("dtypes"))):
        if isinstance(dtype, str) and dtype not in DTYPES:
            yield Fault((*path, "dtypes", index), f"no data type is called {dtype!r}", "one of " + ", ".join(DTYPES))
    yield from _peak(path, target)


def _peak(path: Path, target: dict[str, Any]) -> Iterator[Fault]:
    stated, computed = _base(target, "peak_fp32"), _computed_peak(target)
    if stated is None or computed is None or abs(stated - computed) <= PEAK_TOLERANCE * computed:
        return
    message = f"peak_fp32 is {show(stated, 'FLOP/s')}, cores x clock x FLOP/cycle is {show(computed, 'FLOP/s')}"
    yield Fault((*path, "peak_fp32"), message, "correct the one that is wrong")


def _computed_peak(target: dict[str, Any]) -> float | None:
    """Cores x clock x operations per cycle over all clusters, in FLOP/s; None where a factor is not stated."""
    total = 0.0
    for cluster in _list(target.get("clusters")):
        factors = [_base(cluster, key) for key in ("cores", "clock", "flop_per_cycle_fp32")]
        known = [f for f in factors if f is not None]
        if len(known) < len(factors):
            return None
        total += math.prod(known)
    return total or None


def _base(value: Any, *names: str) -> float | None:
    """The figure at ``names`` in its base unit; None where it is missing or broken."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict) or value.get("unit") not in _known(value.get("unit")):
        return None
    number = _number(value.get("value"))
    return None if number is None or not math.isfinite(number) else number * FACTORS[value["unit"]][1]


def _known(unit: Any) -> tuple[str, ...]:
    return (unit,) if isinstance(unit, str) and unit in FACTORS else ()


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
