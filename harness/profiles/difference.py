"""Two profiles, figure by figure."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from harness.model.profile import Anchors, Figure, HardwareProfile, Target
from harness.model.units import FACTORS, to_base
from harness.profiles.calibration import figures
from harness.profiles.describe import amount, configuration

_TEXTS = ("name", "kind", "tier", "soc", "power_mode", "cooling", "firmware", "driver", "summary", "contributor")


class Difference(Struct, frozen=True):
    """What differs at ``path``. None stands for what one of them does not have; ``ratio`` is second over first."""

    path: str
    first: str | None
    second: str | None
    ratio: float | None = None


class _Entry(NamedTuple):
    said: str
    base: float | None = None
    """In the base unit ``dimension``; None where it is no number."""
    dimension: str = ""


def differences(first: HardwareProfile, second: HardwareProfile) -> list[Difference]:
    """Everything in which two profiles differ, in the order of the first, then what only the second has.

    Anchors of a configuration that only one of them has are one difference, whatever their number.
    """
    shared = _configurations(first) & _configurations(second)
    one, other = _entries(first, shared), _entries(second, shared)
    paths = list(dict.fromkeys([*one, *other]))
    return [_difference(path, one.get(path), other.get(path)) for path in paths if one.get(path) != other.get(path)]


def _configurations(profile: HardwareProfile) -> set[str]:
    return {_configuration(target, group) for target in profile.target for group in target.anchors}


def _difference(path: str, one: _Entry | None, other: _Entry | None) -> Difference:
    ratio = None
    if one and other and one.base and other.base is not None and one.dimension == other.dimension:
        ratio = other.base / one.base
    return Difference(path, one.said if one else None, other.said if other else None, ratio)


def _entries(profile: HardwareProfile, shared: set[str]) -> dict[str, _Entry]:
    """Path -> what stands there."""
    found = {name: _Entry(text) for name in _TEXTS if (text := getattr(profile, name))}
    for path, figure in figures(profile):
        if isinstance(figure, Figure):
            found[path] = _figure(figure)
    for target in profile.target:
        found |= _of_target(target)
        for group in target.anchors:
            found |= _anchors(_configuration(target, group), group, shared)
    return found


def _figure(figure: Figure) -> _Entry:
    scope = f", {figure.scope}" if figure.scope else ""
    return _Entry(f"{amount(figure)}{scope} ({figure.kind})", figure.base, _dimension(figure.unit))


def _of_target(target: Target) -> dict[str, _Entry]:
    here = f"target[{target.id}]"
    stated = {"device": target.device, "name": target.name, "memory": "" if target.memory else "the board's"}
    stated |= {name: ", ".join(getattr(target, name)) for name in ("dtypes", "isa", "runtimes")}
    return {f"{here}.{name}": _Entry(text) for name, text in stated.items() if text}


def _configuration(target: Target, group: Anchors) -> str:
    statistic = "" if group.statistic == "unknown" else f", {group.statistic}"
    return f"target[{target.id}].anchors[{configuration(group)}{statistic}]"


def _anchors(here: str, group: Anchors, shared: set[str]) -> dict[str, _Entry]:
    if here in shared:
        return {f"{here}.{model}": _anchor(group, value) for model, value in group.values.items()}
    count = len(group.values)
    return {here: _Entry(f"{count} model{'' if count == 1 else 's'}")}


def _anchor(group: Anchors, value: float) -> _Entry:
    return _Entry(f"{value:g} {group.unit}", to_base(value, group.unit), _dimension(group.unit))


def _dimension(unit: str) -> str:
    return FACTORS[unit][0]
