"""Models that are Python pickles, which are not loaded: to load one runs whatever code it holds."""

from __future__ import annotations

import zipfile
from pathlib import Path

from harness.errors import UserError

SUFFIXES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib", ".dill", ".jit"}
_PICKLED = ("data.pkl", "constants.pkl")
"""Members of what ``torch.save`` and TorchScript write."""


def holds_one(path: Path) -> bool:
    """Whether the file is a pickle, or an archive whose program is one, whatever its name says. Loads nothing."""
    try:
        with path.open("rb") as file:
            head = file.read(2)
        if head[:1] == b"\x80" and head[1:] in (b"\x02", b"\x03", b"\x04", b"\x05"):
            return True
        if head != b"PK":
            return False
        with zipfile.ZipFile(path) as archive:
            return any(name.rpartition("/")[2] in _PICKLED for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def refusal(path: Path) -> UserError:
    """Why it is not loaded, and what to do instead."""
    return UserError(
        "is a pickle (torch.save, TorchScript): loading it would run whatever code is in it",
        where=str(path),
        hint="export the model with torch.export.save to .pt2 or torch.onnx.export to .onnx, "
        "or name the function that makes it: package.module:function",
    )
