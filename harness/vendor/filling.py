"""What was probed into a profile file: a new one whole, an old one only where it says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from harness.errors import UserError
from harness.model.profile import Figure, HardwareProfile, Memory, Target
from harness.model.units import show
from harness.profiles.fault import ID
from harness.vendor import profile_file
from harness.vendor.probe import Probed, probe
from harness.vendor.profile_text import document

APART = 0.02
"""A figure that differs by more from what was probed is told."""
_TEXTS = ("soc", "power_mode", "firmware", "driver")


class Place(Struct, frozen=True):
    """Where a figure stands: the names from the top, or from a target."""

    path: tuple[str, ...]
    target: str | None = None

    @property
    def said(self) -> str:
        """For people."""
        return ".".join(self.path) if self.target is None else f"target {self.target}: {'.'.join(self.path)}"


def into(file: Path) -> list[str]:
    """Probe this machine into a profile file; what is to be said of it. Raises UserError."""
    return fill(probe(file.stem), file)


def fill(found: Probed, file: Path) -> list[str]:
    """Write ``found`` into ``file``; sentences on what was put in and what disagrees. Raises UserError."""
    if not ID.match(file.stem):
        raise UserError(
            f"{file.stem!r} cannot be the id of a profile", hint="lower-case letters, digits and single '-'"
        )
    if not file.exists():
        profile_file.write(document(found.profile, found.seen), file)
        return [f"{file}: written", *found.seen]
    old, text = profile_file.load(file), profile_file.text_of(file)
    said = []
    for place, figure in _figures(found.profile, old):
        present = _at(old, place)
        if present is None:
            text = profile_file.put_figure(text, place.path, figure, place.target)
            said.append(f"put in: {place.said}")
        elif abs(present.base - figure.base) > APART * max(abs(present.base), abs(figure.base)):
            unit = "B" if figure.unit == "KiB" else figure.unit
            said.append(f"{place.said} is {show(present.base, unit)} in the file, {show(figure.base, unit)} here")
    for name in _TEXTS:
        if getattr(found.profile, name) and not getattr(old, name):
            text = profile_file.put_text(text, name, getattr(found.profile, name))
            said.append(f"put in: {name}")
    said += _cores_apart(found.profile, old)
    profile_file.write(text, file)
    return [f"{file}: {line}" for line in said] or [f"{file}: nothing to put in"]


def _figures(probed: HardwareProfile, old: HardwareProfile) -> Iterator[tuple[Place, Figure]]:
    """What may be put into ``old``: its memory's figures, and the memory of the targets it has."""
    for name in Memory.__struct_fields__:
        figure = getattr(probed.memory, name)
        if isinstance(figure, Figure) and name not in {"nominal", "reserve"}:
            yield Place(("memory", name)), figure
    for target in probed.target:
        if target.memory is not None and any(t.id == target.id for t in old.target):
            yield Place(("memory",), target.id), target.memory


def _at(profile: HardwareProfile, place: Place) -> Figure | None:
    where: object = profile
    if place.target is not None:
        where = next(target for target in profile.target if target.id == place.target)
    for name in place.path:
        where = getattr(where, name, None)
    return where if isinstance(where, Figure) else None


def _cores_apart(probed: HardwareProfile, old: HardwareProfile) -> Iterator[str]:
    here = _cpu(probed)
    for target in old.target:
        if target.device == "cpu" and here is not None and here.cores and target.cores not in {None, here.cores}:
            yield f"target {target.id} has {target.cores} cores in the file, {here.cores} here"


def _cpu(profile: HardwareProfile) -> Target | None:
    return next((target for target in profile.target if target.device == "cpu"), None)
