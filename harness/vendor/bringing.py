"""Networks converted on a machine with PyTorch, in a folder that is copied to a board without it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import api, host, plan, selection
from harness.engine import Stop
from harness.errors import UserError
from harness.model import prepared
from harness.model.case import Pace
from harness.model.spec import Prepared
from harness.runtimes import brought
from harness.vendor.anchor_models import choose
from harness.vendor.calibrate import Asked, Emit

CONVERTING = ("ncnn", "onnxruntime")
_ONCE = Pace(budget_seconds=0.1, warmup_seconds=0.1)
_MIB = 2**20


@contextmanager
def cache(folder: Path | None) -> Iterator[None]:
    """Work with ``folder`` as the cache. Raises UserError where it was not made by ``prepare``."""
    if folder is not None and brought.versions(folder) is None:
        hint = "make it with tierbench profile calibrate --prepare DIR on a machine with PyTorch"
        raise UserError("this is no folder of converted models", where=str(folder), hint=hint)
    with _as_cache(folder):
        yield


@contextmanager
def _as_cache(folder: Path | None) -> Iterator[None]:
    before = os.environ.get("TIERBENCH_CACHE")
    if folder is not None:
        os.environ["TIERBENCH_CACHE"] = str(folder.absolute())
    try:
        yield
    finally:
        if before is not None:
            os.environ["TIERBENCH_CACHE"] = before
        elif folder is not None:
            del os.environ["TIERBENCH_CACHE"]


def prepare(folder: Path, asked: Asked, emit: Emit, stop: Stop) -> str:
    """Convert the networks for each runtime into ``folder`` and step each once; what to say. Raises UserError."""
    if folder.exists() and any(folder.iterdir()):
        raise UserError("the folder is not empty", where=str(folder), hint="name a new one")
    with _as_cache(folder):
        caps = selection.capabilities()
        usable = [s.id for s in caps.runtimes if s.device == "cpu" and s.id in CONVERTING and s.reason is None]
        wanted = [name for name in usable if not asked.runtimes or name in asked.runtimes]
        if not wanted:
            raise UserError(
                "no runtime that converts is installed here", hint="pip install tierbench[ncnn,onnxruntime]"
            )
        chosen = choose(asked.matching, asked.include)
        settings = plan.Settings(processes=1, only=("timing",), timing=_ONCE)
        for number, part in enumerate(chosen.selections(wanted, wanted, half=True, include=asked.include)):
            api.execute(part, settings, folder / "runs" / str(number), emit=emit, stop=stop)
    return _finish(folder)


def _finish(folder: Path) -> str:
    """Leave only what a board needs, and the note; say how much that is."""
    for name in ("runs", "weights"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for file in (folder / "prepared").glob("*.json"):
        # Its paths are this machine's; timing trials only warm the pages of these files, and their warm-up does so too.
        file.write_bytes(prepared.encode(Prepared(prepared.FORMAT, ())))
    made_by = api.made_by(host.environment())
    brought.write(folder, made_by)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    count = len(list((folder / "prepared").glob("*.json")))
    return (
        f"{folder}: {count} converted models, {size / _MIB:.0f} MiB; copy it to the board, then: --prepared {folder}\n"
    )
