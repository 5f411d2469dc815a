"""Read what the kernel shows as files: the one place through which ``/proc`` and ``/sys`` are read.

Nothing here raises for what is missing, unreadable, vanished or oddly encoded: other processes' names, mount points and
control groups are anyone's bytes. ``Files`` reads below a root, so that another machine's files can stand in for this
one's.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path

_WHOLE = re.compile(r"-?[0-9]+\Z")


@dataclass(frozen=True)
class Files:
    """The file system as seen from ``root``; paths are given without the leading slash."""

    root: Path = Path("/")

    def content(self, path: str) -> bytes | None:
        """The bytes of a file; None where it is absent or cannot be read."""
        try:
            return (self.root / path).read_bytes()
        except (OSError, ValueError):  # a path with a NUL byte is a ValueError
            return None

    def text(self, path: str) -> str | None:
        """The stripped text of a file, for people; None where it is absent or cannot be read."""
        content = self.content(path)
        return None if content is None else content.decode("utf-8", "replace").strip("\n\0 ")

    def exact(self, path: str) -> str | None:
        """The text of a file as it is, bytes that are no text kept, so that paths in it can be opened."""
        content = self.content(path)
        return None if content is None else os.fsdecode(content)

    def number(self, path: str) -> int | None:
        """A file that holds one whole number; None where it is absent or holds something else."""
        text = self.text(path)
        return int(text) if text is not None and _WHOLE.match(text) else None

    def exists(self, path: str) -> bool:
        """Whether there is something at ``path`` that can be seen."""
        return os.path.exists(self.root / path)  # noqa: PTH110 - Path.exists raises PermissionError

    def matching(self, pattern: str) -> list[str]:
        """The paths that match a glob, sorted."""
        return sorted(glob.glob(pattern, root_dir=self.root))  # noqa: PTH207 - Path.glob raises PermissionError

    def names(self, path: str) -> list[str]:
        """What is in a folder, sorted; empty where it is missing or cannot be looked into."""
        try:
            return sorted(entry.name for entry in (self.root / path).iterdir())
        except OSError:
            return []

    def fields(self, path: str) -> dict[str, str]:
        """Lines of ``name: value``, the first of each name; empty where the file cannot be read."""
        pairs = [line.partition(":") for line in (self.text(path) or "").splitlines()]
        return {name.strip(): value.strip() for name, colon, value in reversed(pairs) if colon}

    def counts(self, path: str) -> dict[str, int]:
        """Lines of ``name number``, as control groups have them; empty where the file cannot be read."""
        rows = [line.split() for line in (self.text(path) or "").splitlines()]
        return {row[0]: int(row[1]) for row in rows if len(row) == 2 and _WHOLE.match(row[1])}


def below(root: Path, pattern: str) -> list[Path]:
    """The paths below ``root`` that match a glob, sorted; empty where it is missing or cannot be looked into."""
    return [root / path for path in Files(root).matching(pattern)]


HERE = Files()
"""This machine's."""


def sensor_text(path: Path) -> str:
    """The text of a sensor's file. Raises OSError alone, which a meter gives as its reason."""
    return path.read_bytes().decode("utf-8", "replace")
