"""How long a step of a paced trial is to take: asked only once the trials that a projection stands on have ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from harness.model.case import Trial
from harness.model.outcome import Ok, Unsupported, name_of
from harness.model.record import Record
from harness.model.units import show

Pacing = Callable[[Trial, Sequence[Record]], float | Unsupported]
"""Given a paced trial and all records so far: the projected seconds of a step on its tier, or why there are none."""


def no_projection(_trial: Trial, _records: Sequence[Record]) -> Unsupported:
    """The answer where nobody projects."""
    return Unsupported("no projection for this tier")


def settled(trial: Trial, records: Sequence[Record], pacing: Pacing) -> Trial | Unsupported:
    """The trial with the time of its steps, and time enough for the fewest of them; or why it is not run."""
    misfit = _misfit(trial, records)
    seconds = misfit or pacing(trial, records)
    if isinstance(seconds, Unsupported):
        return seconds
    least = trial.pace.min_rounds * seconds
    if least > trial.timeout_seconds:
        steps = f"{trial.pace.min_rounds} steps of the projected {show(seconds, 's')}"
        return Unsupported(f"{steps} take longer than its time limit of {show(trial.timeout_seconds, 's')}")
    more = max(0.0, least - trial.pace.budget_seconds)
    pace = replace(trial.pace, step_seconds=seconds)
    return replace(trial, pace=pace, timeout_seconds=trial.timeout_seconds + more)


def _misfit(trial: Trial, records: Sequence[Record]) -> Unsupported | None:
    """Where the same case has not run under the same limits, there is nothing to slow down."""
    tried = (r.outcome for r in records if r.trial.role == "ceiling" and r.trial.case.id == trial.case.id)
    outcome = next(tried, None)
    if outcome is None or isinstance(outcome, Ok):
        return None
    return Unsupported(f"under this tier's limits it ended otherwise: {name_of(outcome).replace('_', ' ')}")
