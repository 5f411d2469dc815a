"""Where an answer turns from *fits* to *does not*: which integer to try next, from the answers so far. Pure.

Out from the start in steps that double, until one fits and one does not; then the middle of the two until they are
near enough. A value counts as fitting where every try of it did, and so did what was tried on its easier side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

State = Literal["open", "found", "bound", "nowhere", "stopped"]
"""``open``: not done. ``found``: one fits, one beside it does not. ``bound``: all fit, to the last that may be tried.
``nowhere``: none fits. ``stopped``: a try said neither."""


class Question(Struct, frozen=True):
    """The smallest, or the largest, of the integers from ``least`` to ``most`` that fits."""

    smallest: bool
    start: int
    step: int
    """How far from the start the second try is; each further one goes twice as far and a step more."""
    least: int
    most: int
    precision: float = 0.0
    """How near is near enough, as a fraction of what fits; neighbours always are."""
    confirmations: int = 1
    """How many tries must have fitted at the value that is found."""


class Answer(Struct, frozen=True):
    """What a try said. ``fits`` None is neither, and ends the search. ``reason`` says why it is not True."""

    value: int
    fits: bool | None
    reason: str = ""


class Edge(Struct, frozen=True):
    """How far the search is: the best that fits, the nearest that does not, and what to try next."""

    state: State
    fits: int | None = None
    misfits: int | None = None
    next: int | None = None
    reason: str = ""


class _Side(Struct, frozen=True):
    """A question turned so that a larger number is always the easier one."""

    start: int
    step: int
    hardest: int
    easiest: int


def edge(question: Question, answers: Sequence[Answer]) -> Edge:
    """Where the search stands after ``answers``; ``next`` is None once there is nothing more to try."""
    sign = 1 if question.smallest else -1
    good, bad = _bracket(sign, answers)
    plain = (None if good is None else sign * good, None if bad is None else sign * bad)
    stopped = next((a for a in answers if a.fits is None), None)
    if stopped is not None:
        return Edge("stopped", *plain, reason=stopped.reason)
    value, state = _further(_turned(question), question, good, bad)
    if value is None and good is not None:
        value = _unconfirmed(question, sign * good, answers)
    return Edge("open" if value is not None else state, *plain, value)


def _bracket(sign: int, answers: Sequence[Answer]) -> tuple[int | None, int | None]:
    """The hardest that fits beyond all that do not, and the easiest that does not."""
    bad = max((sign * a.value for a in answers if a.fits is False), default=None)
    fitting = [sign * a.value for a in answers if a.fits]
    return min((v for v in fitting if bad is None or v > bad), default=None), bad


def _turned(question: Question) -> _Side:
    start = min(max(question.start, question.least), question.most)
    if question.smallest:
        return _Side(start, question.step, question.least, question.most)
    return _Side(-start, question.step, -question.most, -question.least)


def _further(side: _Side, question: Question, good: int | None, bad: int | None) -> tuple[int | None, State]:
    """What to try next (in the question's own numbers) to come nearer; None, and the state, where it is near enough."""
    sign = 1 if question.smallest else -1
    if (bad is None or side.start > bad) and (good is None or side.start < good):
        return sign * side.start, "open"
    if good is None:
        assert bad is not None
        value = min(side.easiest, bad + max(side.step, bad - side.start + side.step))
        return (sign * value, "open") if bad < side.easiest else (None, "nowhere")
    if bad is None:
        value = max(side.hardest, good - max(side.step, side.start - good + side.step))
        return (sign * value, "open") if good > side.hardest else (None, "bound")
    near = max(1, int(question.precision * abs(good)))
    return (sign * ((good + bad) // 2), "open") if good - bad > near else (None, "found")


def _unconfirmed(question: Question, value: int, answers: Sequence[Answer]) -> int | None:
    """``value`` once more, where it has not been tried often enough."""
    return value if sum(a.value == value for a in answers) < question.confirmations else None
