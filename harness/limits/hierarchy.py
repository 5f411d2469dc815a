"""Where the cgroup hierarchies are mounted and where in them this process is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.limits import owner
from harness.limits.files import read

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Hierarchy:
    """A mounted hierarchy; ``root`` is the part of it that is visible at ``mount``."""

    mount: Path
    root: str


def memory_v1() -> Hierarchy | None:
    """The v1 memory hierarchy, None where none is mounted."""
    return _find("cgroup", "memory")


def unified() -> Hierarchy | None:
    """The v2 hierarchy, None where none is mounted."""
    return _find("cgroup2", None)


def own_group(hierarchy: Hierarchy, controller: str) -> Path | None:
    """This process's directory in the hierarchy; ``controller`` is ``memory`` for v1 and empty for v2."""
    lines = (read(Path("/proc/self/cgroup")) or "").split("\n")
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if controller in controllers.split(","):
            return _visible(hierarchy, path)
    return None


def orphans(hierarchy: Hierarchy) -> Iterator[Path]:
    """Groups that a dead harness left, children before parents."""
    for folder, inside, _ in os.walk(hierarchy.mount, topdown=False):
        yield from (Path(folder, name) for name in inside if owner.is_orphan(name))


def _visible(hierarchy: Hierarchy, path: str) -> Path | None:
    if path.startswith("/.."):
        return None
    if hierarchy.root != "/" and (path + "/").startswith(hierarchy.root.rstrip("/") + "/"):
        path = path[len(hierarchy.root) :]
    found = hierarchy.mount / path.strip("/")
    return found if found.is_dir() else None


def _find(kind: str, option: str | None) -> Hierarchy | None:
    for line in (read(Path("/proc/self/mountinfo")) or "").split("\n"):
        before, _, after = line.partition(" - ")
        place, (filesystem, _, options) = before.split(" "), (*after.split(" ", 2), "", "", "")[:3]
        if filesystem == kind and len(place) > 4 and (option is None or option in options.split(",")):
            return Hierarchy(Path(_unescape(place[4])), _unescape(place[3]))
    return None


def _unescape(text: str) -> str:
    return _OCTAL.sub(lambda m: chr(int(m[1], 8)), text)
