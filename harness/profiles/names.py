"""Which profile a name means. Names and aliases resolve here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UnknownName
from harness.model.profile import HardwareProfile


@dataclass(frozen=True)
class Resolved:
    """The profile that a name stands for; ``said`` is what to tell the user where the name was an alias."""

    profile: HardwareProfile
    said: str | None


def resolve(name: str, profiles: Sequence[HardwareProfile]) -> Resolved:
    """The profile of that id or alias, whatever its case. Raises UnknownName with the nearest names."""
    wanted = name.strip().lower()
    for profile in profiles:
        if profile.id == wanted:
            return Resolved(profile, None)
        if wanted in profile.aliases:
            return Resolved(profile, f"{name} is {profile.id}")
    raise UnknownName("hardware profile", name, [n for p in profiles for n in (p.id, *p.aliases)])
