"""Whether a ceiling trial ran under its tier's memory limit: without it the trial says nothing of what fits. Pure."""

from __future__ import annotations

from typing import Literal

from harness.model.measure import GPU_RESERVED, TREE_PEAK
from harness.model.memory import NO_GROUP_BUT_CHILDREN
from harness.model.outcome import DoesNotFit, Ok, Outcome, Thrashes, TimedOut, Unsupported
from harness.model.record import Enforced, Record
from harness.model.units import KIB, show_bytes

Enforcement = Literal["enforced", "approximately enforced", "not enforced", ""]

SLACK = 64 * KIB
"""In bytes: the kernel keeps limits in whole pages, and the largest are of this size."""


def memory_limits(ceiling: Record) -> tuple[Enforced, ...]:
    """What was asked and given of the memory that the trial's outcome stands on; nothing where the record has none."""
    return tuple(limit for _, limit in _deciding(ceiling) if limit is not None)


def enforcement(ceiling: Record | None) -> Enforcement:
    """How far the trial's memory limits were in force; empty where there was no such trial, or it was not run."""
    if ceiling is None or not (ceiling.enforced or ceiling.wall_seconds):
        return ""
    limits = [limit for _, limit in _deciding(ceiling)]
    if any(limit is None or _is_loose(limit) for limit in limits):
        return "not enforced"
    return "approximately enforced" if any(limit and limit.approximate for limit in limits) else "enforced"


def tighter_limit(ceiling: Record | None) -> int | None:
    """The memory (bytes) under which another trial showed this one's outcome; None where it was run itself."""
    if ceiling is None or not ceiling.shown_by:
        return None
    return next((e.given for e in ceiling.enforced if e.limit == "memory"), None)


def told(ceiling: Record) -> Outcome:
    """The trial's outcome as far as its limits let it speak of the tier: otherwise it was as good as not tried."""
    outcome = _by_the_kernel(ceiling)
    if not (isinstance(outcome, Ok) or short_of_memory(outcome)):
        return outcome
    doubts = [_doubt(name, limit, outcome) for name, limit in _deciding(ceiling)]
    doubt = next(filter(None, doubts), "") or _swap_doubt(ceiling, outcome) or _of_several(ceiling, outcome)
    doubt = doubt or _beyond_shared(ceiling)
    return Unsupported(doubt) if doubt else outcome


def short_of_memory(outcome: Outcome | None) -> bool:
    """Return whether the memory that there was did not do: killed, thrashing, or thrashing until time was up."""
    return isinstance(outcome, DoesNotFit | Thrashes) or (isinstance(outcome, TimedOut) and outcome.thrashing)


def lacks_swap(ceiling: Record | None) -> bool:
    """Return whether the trial's outcome stays open because the tier's swap could not be given."""
    return ceiling is not None and bool(_swap_doubt(ceiling, _by_the_kernel(ceiling)))


def holds_each_alone(ceiling: Record | None) -> bool:
    """Return whether the trial's outcome stays open because its limit held each process, but not all together."""
    return ceiling is not None and bool(_of_several(ceiling, _by_the_kernel(ceiling)))


def _by_the_kernel(ceiling: Record) -> Outcome:
    """The outcome; of a record that an earlier version wrote, the kernel's kills at the limit come before it."""
    kills, limit = ceiling.usage.oom_kills, _given(ceiling, "memory")
    if not kills or not isinstance(ceiling.outcome, Ok) or limit is None or limit.given is None:
        return ceiling.outcome
    return DoesNotFit(limit.given, ceiling.usage.peak_bytes, f"the kernel killed {kills} of its processes at the limit")


def _given(ceiling: Record, name: str) -> Enforced | None:
    return next((e for e in ceiling.enforced if e.limit == name), None)


def _deciding(ceiling: Record) -> list[tuple[str, Enforced | None]]:
    """The limits that an outcome stands on: of what ran to its end all of them, else the one that it ran into."""
    found: dict[str, Enforced] = {e.limit: e for e in ceiling.enforced}
    limits, outcome = ceiling.trial.limits, ceiling.outcome
    asked = {"gpu_memory": limits.gpu_memory_bytes, "memory": limits.memory_bytes}
    names = [name for name, number in asked.items() if number is not None] or ["memory"]
    if isinstance(outcome, DoesNotFit | Thrashes):
        met = (n for n in names if n in found and outcome.limit_bytes in {found[n].asked, found[n].given})
        names = [next(met, "memory")]
    return [(name, found.get(name)) for name in names]


def _is_loose(limit: Enforced) -> bool:
    return limit.given is None or limit.given > limit.asked + SLACK


def _doubt(name: str, limit: Enforced | None, outcome: Outcome) -> str:
    """Why the limit does not bear the outcome; empty where it does."""
    words = {"gpu_memory": "GPU memory"}.get(name, name)
    if limit is None or limit.given is None:
        note = limit.note if limit else ""
        return f"{words} limit not enforced{f': {note}' if note else ''}"
    if not isinstance(outcome, DoesNotFit) and _is_loose(limit):
        return f"{words} limit not enforced: {_asked_and_given(limit)}"
    if not isinstance(outcome, Ok) and limit.given < limit.asked - SLACK:
        return f"tried only under a tighter limit: {_asked_and_given(limit)}"
    return ""


def _swap_doubt(ceiling: Record, outcome: Outcome) -> str:
    """Why the tier's swap leaves the outcome open; empty where it does not."""
    swap, memory = _given(ceiling, "swap"), _given(ceiling, "memory")
    if swap is None or memory is None or memory.given is None:
        return ""
    if not (isinstance(outcome, Ok) or short_of_memory(outcome)):
        return ""
    if isinstance(outcome, Ok):
        unheld = not memory.approximate and (swap.given is None or swap.given > swap.asked + SLACK)
        return f"swap limit not enforced: {_asked_and_given(swap)}{_note(swap)}" if unheld else ""
    if swap.asked <= SLACK or (swap.given is not None and swap.given >= swap.asked - SLACK):
        return ""
    if isinstance(outcome, DoesNotFit | Thrashes) and outcome.limit_bytes not in {memory.asked, memory.given}:
        return ""
    return (
        f"at least does not fit {show_bytes(memory.given)} without swap: of swap {_asked_and_given(swap)}{_note(swap)}"
    )


def _note(limit: Enforced) -> str:
    return f" ({limit.note})" if limit.note else ""


def _of_several(ceiling: Record, outcome: Outcome) -> str:
    """Why a limit that each process has for itself says nothing of several; empty where it was one process."""
    memory = _given(ceiling, "memory")
    if not isinstance(outcome, Ok) or memory is None or not memory.approximate:
        return ""
    several = any(m.missing == NO_GROUP_BUT_CHILDREN for m in ceiling.measurements if m.metric.id == TREE_PEAK.id)
    return "nothing here limits its processes together" if several else ""


def _beyond_shared(ceiling: Record) -> str:
    """Where CPU and GPU share one memory, two limits of its size hold each of them but not both together."""
    limits = ceiling.trial.limits
    if not limits.gpu_shares_memory or limits.memory_bytes is None or not isinstance(ceiling.outcome, Ok):
        return ""
    peaks = [_peak(ceiling, metric.id) for metric in (TREE_PEAK, GPU_RESERVED)]
    if None in peaks:
        return "CPU and GPU share this tier's memory, and what they took together could not be read"
    together = sum(filter(None, peaks))
    if together <= limits.memory_bytes + SLACK:
        return ""
    tier, took = show_bytes(limits.memory_bytes), show_bytes(together)
    return f"CPU and GPU share {tier} on this tier, which no limit here holds: together they took {took}"


def _peak(record: Record, metric_id: str) -> float | None:
    return max((v for m in record.measurements if m.metric.id == metric_id for v in m.values), default=None)


def _asked_and_given(limit: Enforced) -> str:
    given = show_bytes(limit.given) if limit.given is not None else "nothing"
    return f"asked {show_bytes(limit.asked)}, given {given}"
