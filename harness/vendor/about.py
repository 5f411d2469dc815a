"""What the reader of a log is told beside it, and how a line that cannot be understood is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date
from typing import Literal

from msgspec import Struct

from harness.errors import UserError
from harness.model.profile import Anchors, By

MOST_COUNT, MOST_LETTERS = 1_000_000, 100


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
    layers: int | None = None
    """Of the model: whether as many as a log names for the GPU are all of them."""


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

    def positive(self, value: object, name: str) -> float:
        """A number above 0, as a number or as text. Raises UserError."""
        try:
            number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not 0 < number < math.inf:
            raise self.refuse(f"{name} is {cut(value)}", "a number above 0")
        return number

    def count(self, value: object, name: str, most: int = MOST_COUNT) -> int:
        """A whole number from 1 to ``most``, as a number or as text. Raises UserError."""
        number = self.positive(value, name)
        if number != int(number) or number > most:
            raise self.refuse(f"{name} is {cut(value)}", f"a whole number from 1 to {most}")
        return int(number)

    def word(self, value: object, name: str) -> str:
        """Text of a line that can be shown, without blanks around it. Raises UserError."""
        text = value.strip() if isinstance(value, str) else ""
        if not text or not text.isprintable() or len(text) > MOST_LETTERS:
            raise self.refuse(f"{name} is {cut(value)}", f"plain text of 1 to {MOST_LETTERS} characters")
        return text


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


class Missing:
    """What a log does not say and nobody told, so that it is all asked for at once."""

    def __init__(self) -> None:
        self._first: Line | None = None
        self._asked: dict[str, str] = {}

    def need(self, value: object, line: Line, what: str, option: str) -> None:
        """Remember ``what`` where ``value`` is None, with the option that tells it."""
        if value is None:
            self._first = self._first or line
            self._asked.setdefault(what, option)

    def ask(self) -> None:
        """Raise UserError where something is missing."""
        if self._first is not None:
            *most, last = self._asked
            said = f"{', '.join(most)} and {last}" if most else last
            options = " ".join(dict.fromkeys(self._asked.values()))
            raise self._first.refuse(f"the log does not say {said}", f"give {options}")


def cut(value: object) -> str:
    """A value of a log as it can stand in a line for people: escaped, and cut where it is long."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 512:
        return "a number of very many digits"
    text = ascii(value[:80] if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def day(text: object) -> str:
    """The date that a time stamp begins with, ``2026-11-30``; empty where it is none."""
    found = text[:10] if isinstance(text, str) else ""
    try:
        return date.fromisoformat(found).isoformat()
    except ValueError:
        return ""


def refuse_other(told: int | None, said: int | None, line: Line, what: str, option: str) -> None:
    """Raise UserError where what a user tells is not what the log says."""
    if told is not None and said is not None and told != said:
        raise line.refuse(f"the log says {said} {what}, {option} {told}", f"leave out {option}")


def rounded(value: float) -> float:
    """Four significant digits: what a spread is worth."""
    return float(f"{value:.4g}")


def once(model: str, values: Iterable[str], line: Line) -> None:
    """Raise UserError where a model has a value already."""
    if model in values:
        raise line.refuse(f"{model} is there twice in one configuration", "keep one of them")
