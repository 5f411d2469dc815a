"""What the reader of a log is told beside it, and how a line that cannot be understood is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from harness.errors import UserError
from harness.model.profile import Anchors, By


class About(Struct, frozen=True):
    """Told by whoever imports the log. What stays None must stand in the log itself."""

    source: str
    date: str = ""
    """Empty: the log's own where it has one, else today."""
    by: By | None = None
    device: Literal["cpu", "gpu"] | None = None
    """Of the target that the anchors are for; None: not told, any will do."""
    dtypes: tuple[str, ...] = ()
    """That this target computes in."""
    dtype: str | None = None
    threads: int | None = None
    batch: int | None = None
    model: str | None = None
    version: str | None = None


class Imported(Struct, frozen=True):
    """The anchors of a log, and sentences on what of it was left out."""

    groups: tuple[Anchors, ...]
    notes: tuple[str, ...] = ()


class Line(Struct, frozen=True):
    """A line of a log with its place."""

    file: str
    number: int
    text: str

    def refuse(self, what: str, hint: str = "") -> UserError:
        """The error that names this line."""
        return UserError(what, where=f"{self.file}:{self.number}", hint=hint)

    def positive(self, text: str, name: str) -> float:
        """A number above 0. Raises UserError."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            raise self.refuse(f"{name} is {text[:40]!r}", "a number above 0")
        return value


def lines(file: str, text: str) -> list[Line]:
    """The lines of a log, without colours and carriage returns."""
    return [Line(file, number, _plain(line)) for number, line in enumerate(text.split("\n"), 1)]


def _plain(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip("\r")


def device_fault(about: About, ran_on: Literal["cpu", "gpu"], said: str, line: Line) -> None:
    """Raise UserError where the log is of another kind of device than the target."""
    if about.device not in {None, ran_on}:
        kind = ran_on.upper()
        raise line.refuse(f"{said}: this ran on the {kind}, the target is a {about.device}", f"choose the {kind}'s")


def needed(value: str | int | None, line: Line, what: str, option: str) -> None:
    """Raise UserError where ``value`` was neither in the log nor told."""
    if value is None:
        raise line.refuse(f"the log does not say {what}", f"give {option}")


def rounded(value: float) -> float:
    """Four significant digits: what a spread is worth."""
    return float(f"{value:.4g}")


def once(model: str, values: Iterable[str], line: Line) -> None:
    """Raise UserError where a model has a value already."""
    if model in values:
        raise line.refuse(f"{model} is there twice in one configuration", "keep one of them")
