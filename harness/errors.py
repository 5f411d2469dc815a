"""Errors a user reads: where, what is wrong, what would be right, and the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from harness.model.text import plain, shortened


class Exit(IntEnum):
    """The one table of exit codes, the same for every verb."""

    OK = 0
    FAILED = 1
    """A case failed or a check found something wrong; the rest was done."""
    BAD_INPUT = 2
    """The command line or a file given to it is wrong; nothing was run."""
    REGRESSION = 3
    """A comparison found a regression."""
    MACHINE = 4
    """The machine stood in the way: disk full, no permission, run locked by another process."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C; what was finished is kept and ``--resume`` goes on from there."""


class UserError(Exception):
    """Something the user can mend, said in one line.

    ``where`` is a file, ``file:line`` or a field; ``what`` is what is wrong; ``hint`` is what would be right.
    """

    exit_code = Exit.BAD_INPUT

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.where, self.what, self.hint = where, what, hint
        super().__init__(self.line)

    @property
    def line(self) -> str:
        """The whole message on one line, with nothing in it that could steer a terminal."""
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.hint})" if self.hint else ""
        return plain(" ".join(f"{place}{self.what}{remedy}".split()))

    @property
    def lines(self) -> list[str]:
        """Each error that is told of, on a line of its own."""
        return [self.line]


class SeveralErrors(UserError):  # noqa: N818 - the name says what it is
    """Errors that were found at once; the first stands for all where one line is shown."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.what, where=first.where, hint=first.hint)

    @property
    def lines(self) -> list[str]:
        """All of them."""
        return [error.line for error in self.errors]


def refuse_outside(name: str, value: object, least: float, most: float, what: str = "a number") -> None:
    """Raise UserError where ``value`` is not None and no number from ``least`` to ``most``; nan and inf are none."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and least <= value <= most):  # type: ignore[operator] # it is a number
        raise UserError(f"{name} is {ascii(value)[:60]}", hint=f"{what} from {least:g} to {most:g}")


class ContentError(UserError):
    """A suite, profile or theme that cannot be used."""


class MachineError(UserError):
    """The machine stood in the way: no space, no permission, locked by another run."""

    exit_code = Exit.MACHINE


class UnknownName(UserError):  # noqa: N818 - it names what happened; the base says it is an error
    """A name that nothing answers to, with the nearest ones that exist."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        super().__init__(f"no {kind} is called {shortened(name)!r}", hint=_suggestion(name[:100], known))
        self.known = known


def _suggestion(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.5) or [k for k in known if name in k][:3]
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "known: " + ", ".join(sorted(known)[:12]) if known else "none is known here"
