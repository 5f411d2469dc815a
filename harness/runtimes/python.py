"""Plain Python: the model is a callable and is called as it is. For workloads that need no framework."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

from harness.model.workload import Model, Place
from harness.runtimes import Loaded


class Python:
    """Calls ``Model.module`` with ``Model.inputs``; imports nothing of its own."""

    id = "python"
    imports: tuple[str, ...] = ()
    builds_in_trial = True

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run on ``device``."""
        return None if device == "cpu" else "plain Python runs on the CPU, not on the gpu"

    def version(self) -> str:
        """Version of the interpreter."""
        return platform.python_version()

    def prepare(self, build: Callable[[], Model], place: Place, artefacts: Path) -> None:
        """Nothing is converted."""

    def load(self, build: Callable[[], Model], place: Place, artefacts: Path) -> Loaded:
        """Build; the size of the weights is not known."""
        model = build()
        return Loaded(model.module, model.inputs)
