"""How much to measure, and where to keep what is needed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Effort:
    """``quick`` only shows that everything works; its figures mean little. ``folder`` is removed afterwards."""

    folder: Path
    quick: bool = False

    def times(self, full: int, quick: int = 2) -> int:
        """How often to take something."""
        return quick if self.quick else full
