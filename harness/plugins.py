"""What other packages add through entry points: found once, and handed to the children, which need not look again."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    for package in (p for folder in sys.path for p in _offering(folder, group)):
        if package.name not in found:
            points = (point for point in package.entry_points if point.group == group)
            found[package.name] = [Entry(point.name, point.value, package.version) for point in points]
    return tuple(sorted((entry for entries in found.values() for entry in entries), key=lambda entry: entry.name))


def _offering(folder: str, group: str) -> Iterator[Distribution]:
    """The packages in a folder, or in an archive, that have entry points of the group."""
    if os.path.isfile(folder):  # noqa: PTH113 - Path.is_file raises where it may not look
        from importlib.metadata import distributions

        yield from (p for p in distributions(path=[folder]) if any(e.group == group for e in p.entry_points))
        return
    for metadata in _by_group(folder, _changed(folder)).get(group, ()):
        from importlib.metadata import Distribution

        yield Distribution.at(metadata)


@cache
def _by_group(folder: str, _changed: int) -> dict[str, list[Path]]:
    """Where the metadata lies of a folder's packages that have entry points, by group; once for a state of the folder.

    Most groups are empty, and to import importlib.metadata takes 30 ms: it is asked only about what is there.
    """
    offering: dict[str, list[Path]] = {}
    for metadata in _metadata(folder):
        with suppress(OSError):
            for line in (metadata / "entry_points.txt").read_text("utf-8", "replace").splitlines():
                if line.startswith("["):
                    offering.setdefault(line.strip(" []"), []).append(metadata)
    return offering


def _metadata(folder: str) -> list[Path]:
    root = Path(folder)
    if root.suffix == ".egg":
        return [root / "EGG-INFO"]
    try:
        return [path for path in root.iterdir() if path.suffix in {".dist-info", ".egg-info"}]
    except OSError:
        return []


def _changed(folder: str) -> int:
    """When something was put into the folder or taken from it, in nanoseconds; 0 where there is none."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0
