"""Decide a trial's outcome from what its child said and from what was seen of it from outside. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from signal import SIGABRT

from harness.model.events import ChildEvent, Ended, Measured, StageBegan, StepDone
from harness.model.measure import TREE_PEAK
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut
from harness.model.record import Enforced
from harness.model.signals import signal_name
from harness.model.spec import Ending
from harness.model.units import show_bytes

THRASH_FAULTS_PER_STEP = 64
"""A step that has run before and still reads from disk this often is being fed its own pages again and again."""
STRANGER = (
    "a process that the workload forked came back from it and went on as a second trial: let a fork end with "
    "os._exit, or start it by multiprocessing or subprocess"
)
_ABORTED = re.compile(r"terminate called after throwing an instance of 'std::bad_alloc'")
_RAISED = re.compile(
    r"^Traceback \(most recent call last\):\n(?:.*\n)*?(?:\w+\.)*(?:_Array)?MemoryError\b.*\s*\Z", re.MULTILINE
)
"""The traceback of an error that nothing caught: the last that the process printed."""
_NO_THREAD = re.compile(r"^libgomp: Thread creation failed", re.MULTILINE)
"""Under a resource limit: the stack of a thread found no room."""


def decide(events: Sequence[ChildEvent], ending: Ending) -> Outcome:
    """Return the outcome of a trial.

    Launch errors come first, then the kernel's kills for memory whatever the child said, then time, then the child's
    own account of itself.
    """
    stage, limit = stage_of(events), enforced_memory(ending)
    if ending.launch_error is not None:
        return Failed(f"could not be started: {ending.launch_error}", "launch")
    if ending.usage.oom_kills or ending.short_of:
        return _killed_for_memory(ending, limit, peak(events, ending), stage)
    if ending.stranger is not None:
        return Failed(STRANGER, stage)
    stalled = (
        Thrashes(limit, ending.stalled_faults) if limit is not None and ending.stalled_faults is not None else None
    )
    if ending.timed_out_after is not None:
        late = TimedOut(ending.timed_out_after, stage, thrashing=stalled is not None)
        return stalled if stalled is not None and completed_a_step(events) else late
    account = last_account(events)
    if account is not None:
        outcome = _of_account(account.outcome, events, limit)
        return stalled if stalled is not None and isinstance(outcome, Ok) else outcome
    return _without_account(events, ending, stage)


def enforced_memory(ending: Ending) -> int | None:
    """Return the memory limit that was read back, None where none was in force."""
    limit = _memory(ending)
    return limit.given if limit else None


def last_account(events: Sequence[ChildEvent]) -> Ended | None:
    """Return the child's own account of how it ended, None where it gave none."""
    return next((event for event in reversed(events) if isinstance(event, Ended)), None)


def stage_of(events: Sequence[ChildEvent]) -> str:
    """Return the stage that began last."""
    return next((event.stage for event in reversed(events) if isinstance(event, StageBegan)), "launch")


def completed_a_step(events: Sequence[ChildEvent]) -> bool:
    """Return whether the work has come to the end of a step: the stage after the first one began, or it said so."""
    return any(
        isinstance(event, StepDone) or (isinstance(event, StageBegan) and event.stage == "timed") for event in events
    )


def peak(events: Sequence[ChildEvent], ending: Ending) -> int | None:
    """Return the most that the trial's group held, in bytes: of all stages, as a stage may have reset the mark."""
    stages = [e.measurement for e in events if isinstance(e, Measured) and e.measurement.metric.id == TREE_PEAK.id]
    figures = [value for m in stages if m.bound is None for value in m.values]
    last = ending.usage.peak_bytes
    return int(max(figures + ([] if last is None else [last]), default=0)) or None


def _memory(ending: Ending) -> Enforced | None:
    return next((e for e in ending.enforced if e.limit == "memory"), None)


def _killed_for_memory(ending: Ending, limit: int | None, reached: int | None, stage: str) -> Outcome:
    """A kill at the trial's own limit says that the work does not fit; one above it that the machine is too small."""
    kills = ending.usage.oom_kills or 0
    if limit is not None and kills and ending.usage.at_limit != 0:
        processes = "process" if kills == 1 else "processes"
        return DoesNotFit(limit, reached, f"the kernel killed {kills} {processes} at the limit, in {stage}")
    around = ending.short_of or "the kernel killed it for want of memory, and not at a limit of its own"
    return Failed(f"ran out of memory: {around}", stage, ending.output_tail)


def _of_account(outcome: Outcome, events: Sequence[ChildEvent], limit: int | None) -> Outcome:
    if not isinstance(outcome, Ok) or limit is None:
        return outcome
    steps = [event for event in events if isinstance(event, StepDone)][1:]
    again = [step.major_faults for step in steps]
    if again and min(again) >= THRASH_FAULTS_PER_STEP:
        return Thrashes(limit, sum(again))
    return outcome


def _without_account(events: Sequence[ChildEvent], ending: Ending, stage: str) -> Outcome:
    memory, reached = _memory(ending), peak(events, ending)
    how = _ran_out(ending, memory.approximate) if memory and memory.given is not None else ""
    if memory and memory.given is not None and how:
        held = f"; it held {show_bytes(reached)} of {show_bytes(memory.given)}" if reached else ""
        return DoesNotFit(memory.given, reached, f"{how}, in {stage}{held}")
    if ending.signal is not None:
        return Failed(f"killed by {signal_name(ending.signal)}", stage, ending.output_tail)
    return Failed(f"ended with exit code {ending.exit_code} and no account of itself", stage, ending.output_tail)


def _ran_out(ending: Ending, approximate: bool) -> str:
    """How a process without account of itself ran out of memory, by the marks that this leaves and nothing else does.

    That a text speaks of memory is none of them.
    """
    tail = ending.output_tail
    if ending.signal == SIGABRT and _ABORTED.search(tail):
        return "aborted by std::bad_alloc when memory ran out"
    if ending.exit_code == 1 and _RAISED.search(tail):
        return "ended by a MemoryError that nothing caught"
    if ending.exit_code == 1 and approximate and _NO_THREAD.search(tail):
        return "ended when no thread could be started for want of memory"
    return ""
