"""What a search has found, as data and in sentences."""

from __future__ import annotations

from harness.capacity import Found, found
from harness.capacity.tries import MEMORY
from harness.model.case import HOST
from harness.model.record import Run
from harness.model.units import show_bytes
from harness.verdict import article
from harness.view.report import Capacity

DIGITS = 4
"""Of a memory: within 1 %, so that three would hide the difference."""


def capacity(run: Run) -> tuple[Capacity, ...]:
    """One for each thing that the run seeks; nothing of a run that seeks nothing."""
    return tuple(_row(f, _tier(run)) for f in found(run))


def _row(f: Found, tier: str) -> Capacity:
    text = _memory(f) if f.what == MEMORY else _parameter(f, tier)
    return Capacity(f.what, f.state, f.value, f.beyond, f.tries, text)


def _tier(run: Run) -> str:
    search = run.manifest.search
    profile = search.pattern.case.profile if search else HOST
    name = next((p.name for p in run.manifest.profiles if p.id == profile), profile)
    return "this machine" if profile == HOST else article(name)


def _memory(f: Found) -> str:
    about = "approximately enforced, " if f.approximate else ""
    how = f"({about}allocator held still, {_tries(f)})"
    match f.state:
        case "found":
            return f"The smallest memory in which it completes is {_value(f)}: {_beyond(f)} {how}."
        case "bound":
            return f"It completes in the smallest memory that may be tried, {_value(f)} {how}."
        case "nowhere":
            return f"It completes in no memory up to {_said(f, f.beyond)} {how}."
        case _:
            return f"The smallest memory in which it completes is not known: {_unsettled(f, 'at most')}."


def _parameter(f: Found, tier: str) -> str:
    guess = f", by its composition {f.estimate:,}" if f.estimate is not None else ""
    how = f"({'approximately enforced, ' if f.approximate else ''}{_tries(f)}{guess})"
    match f.state:
        case "found":
            return f"The largest {f.what} that fits {tier} is {_value(f)}: {_beyond(f)} {how}."
        case "bound":
            return f"Every {f.what} up to {_value(f)} fits {tier}, and none beyond was tried {how}."
        case "nowhere":
            return f"No {f.what} fits {tier}, not even {_said(f, f.beyond)} {how}."
        case _:
            return f"The largest {f.what} that fits {tier} is not known: {_unsettled(f, 'at least')}."


def _beyond(f: Found) -> str:
    return f"in {_said(f, f.beyond)} it thrashes" if f.thrashes and f.what == MEMORY else _misfit(f)


def _misfit(f: Found) -> str:
    return f"{_said(f, f.beyond)} {'thrashes' if f.thrashes else 'does not fit'}"


def _unsettled(f: Found, bound: str) -> str:
    why = f"a try {f.reason}" if f.state == "stopped" and f.tries else f.reason or "the search is not finished"
    return f"{why}; it is {bound} {_value(f)}" if f.value is not None else why


def _tries(f: Found) -> str:
    return "1 try" if f.tries == 1 else f"{f.tries} tries"


def _value(f: Found) -> str:
    return _said(f, f.value)


def _said(f: Found, value: int | None) -> str:
    if value is None:
        return "nothing"
    return show_bytes(value, DIGITS) if f.what == MEMORY else f"{value:,}"
