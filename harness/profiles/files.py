"""Profile files: loaded where they are sound, and told all that is wrong with them where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from harness.content import SearchPath
from harness.errors import ContentError
from harness.model.profile import HardwareProfile
from harness.profiles.fault import Defect, Fault, FieldPath, field_name
from harness.profiles.notes import noted
from harness.profiles.reading import BrokenFile, parse, read
from harness.profiles.rules import faults
from harness.profiles.toml_lines import line_map, line_of

MOST_DEFECTS = 500
"""More are not told one by one: such a file is no profile."""


@dataclass(frozen=True)
class ProfileFile:
    """A profile and the file it comes from."""

    profile: HardwareProfile
    path: Path
    origin: str


def load_all(path: SearchPath) -> list[HardwareProfile]:
    """Every profile on the search path, by id. Raises ContentError for one that is broken or takes another's name."""
    return [file.profile for file in load_files(path)]


def load_files(path: SearchPath) -> list[ProfileFile]:
    """As ``load_all``, each with its file and where that was found."""
    loaded = [ProfileFile(load(f.path), f.path, f.origin) for f in path.find("hardware_profiles")]
    _refuse_shared_names(loaded)
    return loaded


def load(file: Path) -> HardwareProfile:
    """The profile in ``file``. Raises ContentError that names the line of its first defect."""
    profile, defects = _inspected(file)
    if profile is None or defects:
        raise _as_error(file, defects)
    return profile


def check(file: Path) -> list[Defect]:
    """Everything that is wrong with the file, by line; empty where it is sound. Raises UserError if it is not there."""
    return _inspected(file)[1]


def _inspected(file: Path) -> tuple[HardwareProfile | None, list[Defect]]:
    """The profile where its names and types are right, and everything that is wrong with the file, by line."""
    try:
        text = read(file)
    except BrokenFile as broken:
        return None, [broken.defect]
    profile, defects = _understood(text, file.stem)
    return profile, list(defects)


@lru_cache(maxsize=64)
def _understood(text: str, file_id: str) -> tuple[HardwareProfile | None, Sequence[Defect]]:
    """As ``_inspected``, of a text: a file is read again to see whether it changed, and worked through only then."""
    try:
        data = parse(text)
    except BrokenFile as broken:
        return None, [broken.defect]
    found = faults(data, file_id)
    try:
        profile = msgspec.convert(data, HardwareProfile)
    except msgspec.ValidationError as error:
        return None, _defects([*_schema_faults(data), *found] or [Fault((), str(error))], text)
    return profile, _defects(found, text)


def notes(file: Path, today: date | None = None) -> list[Defect]:
    """What one should know of a sound file, by line, such as a figure that is due to be looked up again."""
    text = read(file)
    return _defects(noted(parse(text), today or datetime.now(tz=UTC).date()), text)


def _schema_faults(data: dict[str, Any]) -> list[Fault]:
    """All that has the wrong name or type. Its library is slow, and asked only where there is something to find."""
    from harness.profiles.json_schema import schema_faults

    return schema_faults(data)


def _defects(found: Sequence[Fault], text: str) -> list[Defect]:
    """By line, each once; of very many the first."""
    lines = line_map(text) if found else {}
    once = {_defect(fault, lines) for fault in found}
    told = sorted(once, key=lambda d: (d.line, d.field, d.message))
    left = len(told) - MOST_DEFECTS
    more = [Defect(told[MOST_DEFECTS].line, "", f"{left} more from here on")] if left > 0 else []
    return told[:MOST_DEFECTS] + more


def schema() -> dict[str, Any]:
    """The JSON Schema of a profile, as published in docs/schema/hardware-profile.json."""
    from harness.profiles.json_schema import schema as published

    return published()


def _defect(fault: Fault, lines: dict[FieldPath, int]) -> Defect:
    return Defect(line_of(fault.path, lines), field_name(fault.path), fault.message, fault.hint)


def _as_error(file: Path, defects: list[Defect]) -> ContentError:
    first = defects[0]
    more = f"; {len(defects) - 1} more in `tierbench profile check {file}`" if len(defects) > 1 else ""
    field = f"{first.field}: " if first.field else ""
    return ContentError(f"{field}{first.message}{more}", where=f"{file}:{first.line}", hint=first.hint)


def _refuse_shared_names(files: Sequence[ProfileFile]) -> None:
    taken: dict[str, ProfileFile] = {}
    for file in files:
        for name in (file.profile.id, *file.profile.aliases):
            other = taken.setdefault(name, file)
            if other is not file:
                what = f"the name {name!r} is also taken by {other.path}"
                raise ContentError(what, where=str(file.path), hint="change one of them")
