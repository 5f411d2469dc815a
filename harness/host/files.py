"""Reading the kernel's files below a root, so that another machine's files can stand in for this one's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Files:
    """The file system as seen from ``root``; paths are given without the leading slash."""

    root: Path = Path("/")

    def text(self, path: str) -> str | None:
        """The stripped text of a file; None where it is absent or cannot be read."""
        try:
            return (self.root / path).read_text(errors="replace").strip("\n\0 ")
        except OSError:
            return None

    def number(self, path: str) -> int | None:
        """A file that holds one whole number; None where it is absent or holds something else."""
        text = self.text(path)
        return int(text) if text is not None and text.lstrip("-").isdigit() else None

    def exists(self, path: str) -> bool:
        """Whether there is something at ``path``."""
        return (self.root / path).exists()

    def matching(self, pattern: str) -> list[str]:
        """The paths that match a glob, sorted."""
        return sorted(str(found.relative_to(self.root)) for found in self.root.glob(pattern))

    def fields(self, path: str) -> dict[str, str]:
        """Lines of ``name: value``, the first of each name; empty where the file cannot be read."""
        pairs = [line.partition(":") for line in (self.text(path) or "").splitlines()]
        return {name.strip(): value.strip() for name, colon, value in reversed(pairs) if colon}
