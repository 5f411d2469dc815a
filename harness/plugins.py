"""What other packages add through entry points: found once, and handed to the children, which need not look again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Any

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
    from importlib.metadata import entry_points

    found = sorted(entry_points(group=group), key=lambda entry: entry.name)
    return tuple(Entry(e.name, e.value, e.dist.version if e.dist is not None else "") for e in found)
