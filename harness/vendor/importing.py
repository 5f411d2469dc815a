"""A log into a profile file, or onto the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from harness import profiles
from harness.errors import UserError
from harness.model.profile import Anchors, HardwareProfile, Target
from harness.profiles.figures import first_day
from harness.profiles.plausible import impossible
from harness.vendor import logs, profile_file
from harness.vendor.about import About, cut


class Done(Struct, frozen=True):
    """What is to be said: a text for the screen, and what was left out."""

    text: str
    notes: tuple[str, ...]


def bring(file: Path, kind: str | None, into: Path | None, target: str, instead: bool, told: Mapping[str, Any]) -> Done:
    """Read the log and write its anchors ``into`` a profile, or say them. Raises UserError; then nothing is written."""
    about = About(**told)
    if about.date and first_day(about.date) is None:
        raise UserError(f"{cut(about.date)} is no date", where="--date", hint="YYYY-MM-DD, YYYY-MM or YYYY")
    if into is None:
        found = logs.read(file, about, kind)
        _refuse_impossible(found.groups, file)
        return Done(profile_file.as_toml(found.groups), found.notes)
    profile = profile_file.load(into)
    own = _target(profile, target, into)
    found = logs.read(file, replace(about, device=own.device, dtypes=own.dtypes), kind)
    text = profile_file.text_of(into)
    fresh = {configuration(group) for group in found.groups}
    if not instead:
        _refuse_known(own, found.groups, into)
    written = profile_file.put_groups(
        text, target, "anchors", found.groups, (lambda old: configuration(old) in fresh) if instead else None
    )
    profile_file.write(written, into)
    notes = (*found.notes, *_unlikely(into, profile.target.index(own)))
    return Done(f"{into}: {said(found.groups)} for the target {target}\n", notes)


def _refuse_impossible(groups: Sequence[Anchors], file: Path) -> None:
    """Raises UserError for times that no target can have."""
    data = {"target": [{"anchors": [msgspec.to_builtins(group) for group in groups]}]}
    for fault in impossible(data):
        raise UserError(fault.message, where=str(file), hint=fault.hint)


def _unlikely(into: Path, target: int) -> Iterator[str]:
    """What the profile's check notes of the target's anchors."""
    for note in profiles.notes(into):
        if note.field.startswith(f"target[{target}].anchors"):
            yield f"{into}:{note.line}: {note.field}: {note.message}"


def configuration(group: Anchors) -> tuple[object, ...]:
    """What two groups must differ in to stand side by side in one target."""
    return (group.runtime, group.version, group.dtype, group.threads, group.batch, group.metric, group.statistic)


def said(groups: Sequence[Anchors]) -> str:
    """E.g. ``14 anchors in 2 groups``."""
    count = sum(len(group.values) for group in groups)
    anchors = "1 anchor" if count == 1 else f"{count} anchors"
    return anchors if len(groups) == 1 else f"{anchors} in {len(groups)} groups"


def _target(profile: HardwareProfile, name: str, file: Path) -> Target:
    found = next((target for target in profile.target if target.id == name), None)
    if found is None:
        known = ", ".join(target.id for target in profile.target)
        raise UserError(f"no target is called {name!r}", where=str(file), hint=f"it has {known}: choose with --target")
    return found


def _refuse_known(target: Target, groups: Sequence[Anchors], file: Path) -> None:
    for old in target.anchors:
        for new in groups:
            both = set(old.values) & set(new.values)
            if configuration(old) == configuration(new) and both:
                what = f"{target.id} has {sorted(both)[0]} in this configuration already, from {old.source}"
                raise UserError(what, where=str(file), hint="--replace takes the old anchors out")
