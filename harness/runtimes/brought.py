"""Models that another machine converted, for a board that cannot hold what converts: a cache with a note of its maker.

The cache is the one that ``$TIERBENCH_CACHE`` names. Where it has the note, a runtime needs only what runs, not what
converts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

NOTE = "brought.json"


def versions(cache: Path) -> dict[str, str | None] | None:
    """Of all packages on the machine that converted; None where the cache was filled on this one."""
    try:
        found = json.loads((cache / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {str(name): None if value is None else str(value) for name, value in found.items()} if found else None


def write(cache: Path, made_by: Mapping[str, str | None]) -> None:
    """Leave the note."""
    (cache / NOTE).write_text(json.dumps(dict(made_by), indent=1), encoding="utf-8")


def here() -> bool:
    """Whether this process's cache was brought from another machine."""
    given = os.environ.get("TIERBENCH_CACHE")
    return bool(given) and versions(Path(given or "")) is not None
