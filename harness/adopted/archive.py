"""A ``.pt2`` archive before torch reads it: whole, of today's layout, without pickles; and its weights' size."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from harness.errors import UserError

_AGAIN = "export it again: torch.export.save(torch.export.export(model, inputs), 'model.pt2')"
_PICKLED = ("custom_obj", "opaque_obj")


def look(path: Path) -> int:
    """Bytes of its weights and constants. Raises UserError for one that is damaged, old, or holds a pickle."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.partition("/")[2]: name for name in archive.namelist()}
            _refuse_others(members)
            for config in [name for name in members if name.endswith("_config.json")]:
                _refuse_pickled(json.loads(archive.read(members[config])))
            for samples in [name for name in members if name.startswith("data/sample_inputs/")]:
                _refuse_code(archive.read(members[samples]))
            sizes = (archive.getinfo(full).file_size for name, full in members.items() if _is_tensor(name))
            return sum(sizes)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise UserError(f"is cut short or no torch.export archive: {error}", hint=_AGAIN) from None


def _is_tensor(name: str) -> bool:
    return name.startswith(("data/weights/", "data/constants/")) and not name.endswith(".json")


def _refuse_others(members: dict[str, str]) -> None:
    if not any(name.startswith("models/") and name.endswith(".json") for name in members):
        raise UserError("is cut short or no torch.export archive of today's layout", hint=_AGAIN)
    if any(name.startswith("data/") and name.endswith(".pt") and "sample_inputs" not in name for name in members):
        raise _pickled("its weights or constants")


def _refuse_pickled(config: dict[str, Any]) -> None:
    for name, entry in config.get("config", {}).items():
        if entry.get("use_pickle") and str(entry.get("path_name", "")):
            raise _pickled(name)
        if str(entry.get("path_name", "")).startswith(_PICKLED):
            raise _pickled(name)


def _refuse_code(samples: bytes) -> None:
    """The example inputs, which torch would read with code in them where it cannot without."""
    import torch

    try:
        torch.load(io.BytesIO(samples), weights_only=True)
    except Exception:
        raise _pickled("its example inputs") from None


def _pickled(what: str) -> UserError:
    return UserError(
        f"holds {what} as a pickle: loading it would run whatever code is in it",
        hint="export the model from plain tensors, without objects of its own",
    )
