"""A ``.pt2`` archive before torch reads it: whole, of today's layout, no pickle or code in it; its weights' size."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from harness.adopted.program import NotAProgram, require_plain
from harness.errors import UserError

_AGAIN = "export it again: torch.export.save(torch.export.export(model, inputs), 'model.pt2')"
_PICKLED = ("custom_obj", "opaque_obj")
_KNOWN = re.compile(
    r"models/\w[\w.-]*\.json\Z|data/(?:weights|constants)/[\w.-]+\Z|data/sample_inputs/[\w.-]+\.pt\Z"
    r"|archive_format\Z|archive_version\Z|byteorder\Z|version\Z|\.data/(?:version|serialization_id)\Z|extra/",
    re.ASCII,
)
"""What torch 2.11 and later write; compiled code (AOTInductor) and torch's older layouts are not in it."""
MOST_TEXT = 1 << 28
"""Bytes of a program or a table of weights."""


def look(path: Path) -> int:
    """Bytes of its weights and constants. Raises UserError for one that is damaged, old, or holds a pickle."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            _refuse_others(members)
            for program in [name for name in members if name.startswith("models/")]:
                require_plain(_read(archive, members[program]))
            for config in [name for name in members if name.endswith("_config.json")]:
                _refuse_pickled(json.loads(_read(archive, members[config])))
            for samples in [name for name in members if name.startswith("data/sample_inputs/")]:
                _refuse_code(archive.read(members[samples]))
            texts = {name: _read(archive, full) for name, full in members.items() if name.endswith(".json")}
            _require_as_torch_reads(path, texts, {n: archive.getinfo(full).file_size for n, full in members.items()})
            sizes = (archive.getinfo(full).file_size for name, full in members.items() if _is_tensor(name))
            return sum(sizes)
    except NotAProgram as error:
        raise UserError(f"is refused: it holds {error}, which torch would run as code", hint=_AGAIN) from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UserError(f"is cut short or no torch.export archive: {error}", hint=_AGAIN) from None


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Full names by those within the archive's one folder. Of two of a name, in capitals or not, torch reads either."""
    names = archive.namelist()
    if len({name.lower() for name in names}) < len(names) or len({name.partition("/")[0] for name in names}) > 1:
        raise UserError("holds two files of one name, or more than one archive", hint=_AGAIN)
    return {name.partition("/")[2]: name for name in names}


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MOST_TEXT:
        raise UserError(f"{name} unpacks to more than {MOST_TEXT >> 20} MiB", hint=_AGAIN)
    return archive.read(name)


def _require_as_torch_reads(path: Path, texts: dict[str, bytes], sizes: dict[str, int]) -> None:
    """Raises UserError where torch's reader finds other members, or other text in them, than were looked at here."""
    import torch

    reader: Any = torch._C.PyTorchFileReader
    opened = reader(str(path))
    found = {name: opened.get_record_size(name) for name in opened.get_all_records()}
    if found != sizes or any(opened.get_record(name) != text for name, text in texts.items()):
        raise UserError("is refused: torch would read other members in it than are listed", hint=_AGAIN)


def _is_tensor(name: str) -> bool:
    return name.startswith(("data/weights/", "data/constants/")) and not name.endswith(".json")


def _refuse_others(members: dict[str, str]) -> None:
    if not any(name.startswith("models/") and name.endswith(".json") for name in members):
        raise UserError("is cut short or no torch.export archive of today's layout", hint=_AGAIN)
    known = [name for name in members if _KNOWN.match(name)]
    if len(known) < len(members):
        strange = next(name for name in members if name not in known)
        raise UserError(f"is refused: it holds {strange[:80]!r}, which may be code", hint=_AGAIN)
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
