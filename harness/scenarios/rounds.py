"""When rounds began and ended, kept as plain numbers.

A pair a round would be objects that Python's garbage collector counts: it would look through the workload's own more
often than it does without tierbench.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Rounds:
    """Starts and ends in nanoseconds."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ends)

    def add(self, start: int, end: int) -> None:
        """Take in a round."""
        self.starts.append(start)
        self.ends.append(end)

    def times(self) -> list[int]:
        """How long each took."""
        return [end - start for start, end in zip(self.starts, self.ends, strict=True)]

    def pairs(self) -> list[tuple[int, int]]:
        """Each as (start, end)."""
        return list(zip(self.starts, self.ends, strict=True))
