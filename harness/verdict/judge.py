"""The state of a case, its deadline, and how many cases are in which state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from harness.model.measure import Bound
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut, Unsupported

State = Literal["fits", "thrashes", "does_not_fit", "unsupported", "timed_out", "failed", "not_run"]
STATES: dict[State, str] = {
    "fits": "fits",
    "thrashes": "fits but thrashes",
    "does_not_fit": "does not fit",
    "unsupported": "not tried",
    "timed_out": "timed out",
    "failed": "failed",
    "not_run": "not run yet",
}
"""State -> its words as they stand in a cell."""

TRIED: frozenset[State] = frozenset({"fits", "thrashes", "does_not_fit"})
"""States that say something of what fits."""

DeadlineState = Literal["met", "missed", "unclear"]

_OF_OUTCOME: tuple[tuple[type[Outcome], State], ...] = (
    (Ok, "fits"),
    (Thrashes, "thrashes"),
    (DoesNotFit, "does_not_fit"),
    (Unsupported, "unsupported"),
    (TimedOut, "timed_out"),
    (Failed, "failed"),
)  # fmt: skip


class Judged(Struct, frozen=True):
    """One case with its verdict: all that the counts and the headline need."""

    row: str
    """What is compared across tiers: workload, runtime, dtype and scenario."""
    name: str
    """The workload's name for people."""
    tier: str
    board: bool
    state: State
    runtime: str
    need_bytes: float | None = None
    limit_bytes: float | None = None
    deadline: DeadlineState | None = None
    family: str = ""
    workload: str = ""
    """Its bare name: a family of one workload can be called by what it is."""
    need_bound: Bound | None = None
    """Set where the need only bounds the truth."""
    generic: bool = False
    """The tier is a limit that stands for no board."""


class Count(Struct, frozen=True):
    """How many cases are in a state; ``id`` is what the page filters by."""

    id: str
    number: int
    label: str


def state_of(outcome: Outcome | None) -> State:
    """The state that an outcome puts a case in; None is a case that has not run."""
    return next((state for kind, state in _OF_OUTCOME if isinstance(outcome, kind)), "not_run")


def deadline_state(
    deadline: float | None, median: float | None, low: float | None, high: float | None
) -> DeadlineState | None:
    """Whether a time (s), measured or projected, keeps a deadline (s): ``unclear`` where its interval straddles it.

    None where there is no deadline or no time.
    """
    if deadline is None or median is None:
        return None
    if (high if high is not None else median) <= deadline:
        return "met"
    return "missed" if (low if low is not None else median) > deadline else "unclear"


def counts(judged: Iterable[Judged]) -> tuple[Count, ...]:
    """Counts over all cases. Cases, fit, do not fit and failed are always there, the others where there are any."""
    every = list(judged)
    tally = {state: sum(j.state == state for j in every) for state in STATES}
    due = {state: sum(j.deadline == state for j in every) for state in ("met", "missed", "unclear")}
    found = [
        Count("all", len(every), "cases"),
        Count("fits", tally["fits"], "fit"),
        Count("does_not_fit", tally["does_not_fit"], "do not fit"),
        Count("thrashes", tally["thrashes"], "fit but thrash"),
        Count("met", due["met"], "meet their deadline"),
        Count("missed", due["missed"], "miss their deadline"),
        Count("unclear", due["unclear"], "too close to their deadline"),
        Count("unsupported", tally["unsupported"], "not tried"),
        Count("timed_out", tally["timed_out"], "timed out"),
        Count("not_run", tally["not_run"], "not run yet"),
        Count("failed", tally["failed"], "failed"),
    ]
    return tuple(c for c in found if c.number or c.id in {"all", "fits", "does_not_fit", "failed"})
