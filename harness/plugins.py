"""What other packages add through entry points: found once, and handed to the children, which need not look again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

METERS, RUNTIMES = "tierbench.meters", "tierbench.runtimes"
"""Groups of entry points that a child looks for."""
HANDED = "TIERBENCH_PLUGINS"
"""Environment variable of a child: JSON of its parent's entry points by group."""


@dataclass(frozen=True)
class Entry:
    """An entry point: ``value`` is ``module:attribute``, ``version`` that of its package, empty where not known."""

    name: str
    value: str
    version: str

    def load(self) -> Any:
        """The attribute. Raises what importing its module raises, and AttributeError."""
        module, _, attribute = self.value.partition(":")
        found = import_module(module.strip())
        for name in filter(None, attribute.strip().split(".")):
            found = getattr(found, name)
        return found


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
