"""The pages of the documentation and the code blocks in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: language, words after it (``test``, ``file=...``), text, and the number of its first line."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The path that this block is to be saved under, where it says so."""
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), None)

    @property
    def commands(self) -> list[str]:
        """The lines of a console block that a person types, a line that ends in a backslash joined with the next."""
        whole = self.text.replace("\\\n", " ")
        return [line.removeprefix("$ ") for line in whole.splitlines() if line.startswith("$ ")]


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        found.append(Block(language, tuple(words), match["text"], text.count("\n", 0, match.start("text")) + 1))
    return found
