"""Executors: where a trial runs. A module a place; all follow one protocol, so that the engine need not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from harness.model.case import Trial
from harness.model.events import ChildEvent
from harness.model.spec import Ending


class Executor(Protocol):
    """Runs one trial at a time in a process of its own."""

    def execute(
        self,
        trial: Trial,
        files: Sequence[str],
        on_event: Callable[[ChildEvent], None],
        cancelled: Callable[[], bool],
    ) -> Ending:
        """Run ``trial`` to its end; ``files`` is what its work reads from disk. Never raises for a child's failure."""

    def close(self) -> None:
        """Remove what the executor made."""
