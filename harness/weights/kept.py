"""Tensors that are computed once and kept in the cache, so that no trial pays for what is not its own work."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.errors import MachineError
from harness.model.workload import Place
from harness.weights import entries


def keep(name: str, place: Place, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``compute`` gave when nothing of this name was there, read from the cache. Raises MachineError.

    ``name`` must change with the data that they are computed from. The source of ``compute`` and PyTorch's version are
    minded here.
    """
    made_by = f"{entries.source_of(compute)} {version('torch')}"
    folder = place.cache / "weights" / f"{name}-{hashlib.sha256(made_by.encode()).hexdigest()[:8]}"

    def write(path: Path) -> str:
        save(entries.unread(compute), path)
        return entries.digest(path)

    entries.ensure_entry(folder, write, lambda part: (part / "config.json").write_text("{}"))
    return entries.read(folder / entries.FILE)


def save(tensors: dict[str, Any], path: Path) -> None:
    """Write them and wait for the disk. Raises MachineError."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file(tensors, path)
    except SafetensorError as error:
        raise MachineError(f"cannot write weights: {error}", where=str(path)) from error
    with path.open("rb+") as file:
        os.fsync(file.fileno())
