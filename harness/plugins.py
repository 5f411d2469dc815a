"""What other packages add through entry points: found once, and handed to the children, which need not look again."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import Distribution

METERS, RUNTIMES = "tierbench.meters", "tierbench.runtimes"
"""Groups of entry points that a child looks for."""
HANDED = "TIERBENCH_PLUGINS"
"""Environment variable of a child: JSON of its parent's entry points by group."""


@dataclass(frozen=True)
class Entry:
    """An entry point: ``value`` names a module or ``module:attribute``; ``version`` is its package's, or empty."""

    name: str
    value: str
    version: str

    @property
    def module(self) -> str:
        """The module that it names."""
        return self.value.partition(":")[0].strip()

    def load(self) -> Any:
        """The attribute. Raises what importing its module raises, and AttributeError."""
        from importlib.metadata import EntryPoint

        return EntryPoint(self.name, self.value, "").load()


def entries(group: str) -> tuple[Entry, ...]:
    """Those of a group, by name: the parent's where this is a child, else what is installed."""
    handed = os.environ.get(HANDED)
    known = json.loads(handed) if handed else {}
    if group in known:
        return tuple(Entry(**entry) for entry in known[group])
    return _installed(group)


def handed() -> str:
    """All that a child looks for, for ``HANDED``."""
    return json.dumps({group: [asdict(entry) for entry in entries(group)] for group in (METERS, RUNTIMES)})


def _installed(group: str) -> tuple[Entry, ...]:
    """By name; of a package that lies in several folders the first counts, as when it is imported."""
    found: dict[str, list[Entry]] = {}
    for package in (p for folder in sys.path for p in _offering(folder, _changed(folder)).get(group, ())):
        if package.name not in found:
            points = (point for point in package.entry_points if point.group == group)
            found[package.name] = [Entry(point.name, point.value, package.version) for point in points]
    return tuple(sorted((entry for entries in found.values() for entry in entries), key=lambda entry: entry.name))


@cache
def _offering(folder: str, _changed: int) -> dict[str, list[Distribution]]:
    """The packages in a folder that have entry points, by group: looked up once for a state of the folder."""
    from importlib.metadata import distributions

    offering: dict[str, list[Distribution]] = {}
    for package in distributions(path=[folder]):
        for line in (package.read_text("entry_points.txt") or "").splitlines():
            if line.startswith("["):
                offering.setdefault(line.strip(" []"), []).append(package)
    return offering


def _changed(folder: str) -> int:
    """When something was put into the folder or taken from it, in nanoseconds; 0 where there is none."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0
