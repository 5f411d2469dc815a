"""Hardware profiles: read from TOML, checked, and found by name. Names and aliases resolve here and nowhere else."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from harness._profile_rules import Fault, faults
from harness._toml_lines import line_map, line_of
from harness.content import SearchPath
from harness.errors import ContentError, UnknownName, UserError
from harness.model.case import HOST
from harness.model.machine import Capabilities
from harness.model.profile import Cluster, Figure, HardwareProfile, Memory, Target

MAX_BYTES = 256 * 1024
"""A profile is a page of text; more than this is something else."""


@dataclass(frozen=True)
class ProfileFile:
    """A profile and the file it comes from."""

    profile: HardwareProfile
    path: Path
    origin: str


@dataclass(frozen=True)
class Resolved:
    """The profile that a name stands for; ``said`` is what to tell the user where the name was an alias."""

    profile: HardwareProfile
    said: str | None


@dataclass(frozen=True)
class Defect:
    """One error in a profile file: its line from 1, the field, what is wrong, and what would be right."""

    line: int
    field: str
    message: str
    hint: str = ""


def load_all(path: SearchPath) -> list[HardwareProfile]:
    """Every profile on the search path, by id. Raises ContentError for one that is broken or takes another's name."""
    return [file.profile for file in load_files(path)]


def load_files(path: SearchPath) -> list[ProfileFile]:
    """As ``load_all``, each with its file and where that was found."""
    loaded = [ProfileFile(load(f.path), f.path, f.origin) for f in path.find("hardware_profiles")]
    _refuse_shared_names(loaded)
    return loaded


def resolve(name: str, profiles: Sequence[HardwareProfile]) -> Resolved:
    """The profile of that id or alias, whatever its case. Raises UnknownName with the nearest names."""
    wanted = name.strip().lower()
    for profile in profiles:
        if profile.id == wanted:
            return Resolved(profile, None)
        if wanted in profile.aliases:
            return Resolved(profile, f"{name} is {profile.id}")
    raise UnknownName("hardware profile", name, [n for p in profiles for n in (p.id, *p.aliases)])


def load(file: Path) -> HardwareProfile:
    """The profile in ``file``. Raises ContentError that names the line of its first defect."""
    try:
        data = _parse(_read(file))
        profile = msgspec.convert(data, HardwareProfile)
        if not faults(data, file.stem):
            return profile
        reason = ""
    except (_Broken, msgspec.ValidationError) as error:
        reason = str(error)
    raise _as_error(file, check(file) or [Defect(1, "", reason)])


def check(file: Path) -> list[Defect]:
    """Everything that is wrong with the file, by line; empty where it is sound. Raises UserError if it is not there."""
    from harness._profile_schema import schema_faults

    try:
        text = _read(file)
        data = _parse(text)
    except _Broken as broken:
        return [broken.defect]
    lines = line_map(text)
    found = [_defect(fault, lines) for fault in [*schema_faults(data), *faults(data, file.stem)]]
    return sorted(set(found), key=lambda d: (d.line, d.field, d.message))


def schema() -> dict[str, Any]:
    """The JSON Schema of a profile, as published in docs/schema/hardware-profile.json."""
    from harness._profile_schema import schema as published

    return published()


def host_profile(capabilities: Capabilities) -> HardwareProfile:
    """This machine as a profile: its memory, its CPU and a target for each GPU, as probed now."""
    today = datetime.now(tz=UTC).date().isoformat()

    def probed(value: float, unit: str, note: str = "") -> Figure:
        return Figure(value, unit, "probed", today, "measured", note)

    memory = Memory(
        nominal=probed(capabilities.memory_bytes, "B"),
        usable=probed(capabilities.memory_bytes, "B"),
        reserve=probed(0, "B", "a trial on the machine itself is not held back"),
        swap=probed(capabilities.swap_bytes, "B"),
    )
    cluster = Cluster("all", probed(capabilities.cores, "cores"))
    targets = [Target("cpu", "cpu", "CPU of this machine", clusters=(cluster,))]
    several = len(capabilities.gpus) > 1
    for gpu in capabilities.gpus:
        name = f"gpu{gpu.index}" if several else "gpu"
        targets.append(Target(name, "gpu", gpu.name, memory=probed(gpu.memory_bytes, "B")))
    return HardwareProfile(1, HOST, "This machine", "host", "host", memory, tuple(targets))


class _Broken(Exception):  # noqa: N818 - it says what the file is
    """The file cannot be read as TOML at all."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.defect = Defect(line, "", message, hint)


def _read(file: Path) -> str:
    try:
        size = file.stat().st_size
        data = file.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or error}", where=str(file)) from None
    if size > MAX_BYTES:
        raise _Broken(1, f"the file has {size} bytes, a profile may have {MAX_BYTES}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Broken(data.count(b"\n", 0, error.start) + 1, "the file is not UTF-8 text") from None


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _Broken(1, "the file is nested too deeply") from None
    except ValueError as error:
        raise _Broken(_syntax_line(str(error), text), f"not TOML: {_without_place(str(error))}") from None


def _syntax_line(message: str, text: str) -> int:
    match = re.search(r"\(at line (\d+)", message)
    return int(match.group(1)) if match else text.rstrip("\n").count("\n") + 1


def _without_place(message: str) -> str:
    return re.sub(r" \(at (line|end).*\)$", "", message)


def _defect(fault: Fault, lines: dict[tuple[str | int, ...], int]) -> Defect:
    return Defect(line_of(fault.path, lines), field_name(fault.path), fault.message, fault.hint)


def field_name(path: tuple[str | int, ...]) -> str:
    """A field as it is written for people: ``target[0].clusters[1].clock``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _as_error(file: Path, defects: list[Defect]) -> ContentError:
    first = defects[0]
    more = f" (and {len(defects) - 1} more)" if len(defects) > 1 else ""
    field = f"{first.field}: " if first.field else ""
    hint = first.hint or f"tierbench profile check {file.name} tells all"
    return ContentError(f"{field}{first.message}{more}", where=f"{file}:{first.line}", hint=hint)


def _refuse_shared_names(files: Sequence[ProfileFile]) -> None:
    taken: dict[str, ProfileFile] = {}
    for file in files:
        for name in (file.profile.id, *file.profile.aliases):
            other = taken.setdefault(name, file)
            if other is not file:
                what = f"the name {name!r} is also taken by {other.path}"
                raise ContentError(what, where=str(file.path), hint="change one of them")
