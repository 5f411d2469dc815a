"""Names short enough for a column's head, a plot's label or a sentence, and still told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from harness.view.report import Tier

_MAKERS = ("NVIDIA ", "Intel ", "AMD ", "Qualcomm ")
_TARGET = " · "
LINE = 46
"""Characters on a line of a plot's label."""


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Each name without its maker and what stands in brackets at its end, unless two would then be the same."""
    every = list(dict.fromkeys(names))
    short = {name: _shortened(name) for name in every}
    taken = list(short.values())
    return {name: s if taken.count(s) == 1 else name for name, s in short.items()}


def _shortened(name: str) -> str:
    bare = re.sub(r"\s*\([^()]*\)$", "", name)
    maker = next((m for m in _MAKERS if bare.startswith(m)), "")
    return bare.removeprefix(maker) or name


def with_target(name: str, target: str) -> str:
    """A board's name and which of its targets is meant."""
    return f"{name}{_TARGET}{target}"


def without_target(tier: Tier) -> str:
    """A board's short name alone, the host's as it is."""
    return tier.short.split(_TARGET)[0] if tier.board else tier.short


def spoken(tiers: Sequence[Tier], among: Iterable[str]) -> dict[str, str]:
    """Tier id -> its name in a sentence: without the target where ``among`` has only one of that board."""
    boards = [tier.split(":")[0] for tier in dict.fromkeys(among)]
    several = [tier.id.split(":")[0] for tier in tiers]
    said = {}
    for tier in tiers:
        board = tier.id.split(":")[0]
        named = tier.board and several.count(board) > 1 and boards.count(board) <= 1
        said[tier.id] = without_target(tier) if named else tier.short
    return said


def label(title: str, rest: str) -> tuple[str, ...]:
    """A plot's label on one line, or on two where one is too short for it; only a name beyond all measure is cut."""
    whole = " ".join(part for part in (title, rest) if part)
    if len(whole) <= LINE:
        return (whole,)
    return tuple(part if len(part) <= LINE else f"{part[: LINE - 1]}…" for part in (title, rest) if part)


def when(created: str) -> str:
    """``23 Nov 2026, 02:14 UTC``; as it is written where it is no date."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{moment.day} {moment:%b %Y, %H:%M} {moment:%Z}".strip()
