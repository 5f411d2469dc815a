"""A profile as lines for people: what it is, and every figure with its kind, date and source."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from harness.model.profile import Figure, HardwareProfile
from harness.model.units import show_bytes


def describe(profile: HardwareProfile) -> list[str]:
    """Head, budget, then a line a figure."""
    head = [f"{profile.name} ({profile.id})", profile.summary]
    head.append(f"a workload may use {show_bytes(profile.budget_bytes)} (usable memory less the system's reserve)")
    rows = [(path, _said(figure)) for path, figure in _figures(profile, "")]
    width = max((len(path) for path, _ in rows), default=0)
    return [line for line in head if line] + [f"  {path:<{width}}  {said}" for path, said in rows]


def _said(figure: Figure) -> str:
    scope = f", {figure.scope}" if figure.scope else ""
    note = f"; {figure.note}" if figure.note else ""
    return f"{figure.value:g} {figure.unit}{scope}  [{figure.kind}, {figure.date}; source: {figure.source}{note}]"


def _figures(value: object, path: str) -> Iterator[tuple[str, Figure]]:
    if isinstance(value, Figure):
        yield path, value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _figures(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple):
        for item in value:
            label = getattr(item, "id", None) or getattr(item, "name", None)
            yield from _figures(item, f"{path}[{label}]")
