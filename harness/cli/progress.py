"""Progress of a run on standard error: one live line on a terminal, one plain line a trial elsewhere."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from harness.cli.echo import say
from harness.engine import Stop
from harness.model.case import UNDER_LIMITS, Trial
from harness.model.events import EngineEvent, Notice, TrialEnded, TrialStage, TrialStarted
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut, Unsupported, name_of
from harness.model.text import plain
from harness.model.units import show, show_bytes
from harness.verdict.limits import tighter_limit, told

if TYPE_CHECKING:
    from rich.status import Status

Emit = Callable[[EngineEvent], None]


@contextmanager
def watching(quiet: bool) -> Iterator[tuple[Emit, Stop]]:
    """A listener for the engine's events, and the wish to stop that Ctrl-C sets: once for soon, twice for now."""
    stop = Stop()
    previous = signal.signal(signal.SIGINT, _stopper(stop))
    try:
        if quiet:
            yield (lambda _event: None), stop
        elif sys.stderr.isatty():
            with _live() as emit:
                yield emit, stop
        else:
            yield _plain, stop
    finally:
        signal.signal(signal.SIGINT, previous)


def _stopper(stop: Stop) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.now = stop.soon
        stop.soon = True
        text = "stopping now" if stop.now else "finishing the running trial; Ctrl-C again stops at once"
        say(f"\n{text}", err=True)

    return handle


def _plain(event: EngineEvent) -> None:
    text = line_of(event)
    if text:
        say(text, err=True)


@contextmanager
def _live() -> Iterator[Emit]:
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("planning", refresh_per_second=2) as status:

        def emit(event: EngineEvent) -> None:
            status_text = _status_of(event)
            if status_text:
                _update(status, plain(status_text))
            text = line_of(event)
            if text:
                console.print(plain(text), markup=False, highlight=False, soft_wrap=True)

        yield emit


def _update(status: Status, text: str) -> None:
    from rich.text import Text

    status.update(Text(text, no_wrap=True, overflow="ellipsis"))


def _status_of(event: EngineEvent) -> str | None:
    if isinstance(event, TrialStarted):
        return f"[{event.number}/{event.total}] {event.trial.role}: {_subject(event.trial)}"
    if isinstance(event, TrialStage):
        return f"{event.trial.role}, {event.stage}: {_subject(event.trial)}"
    return event.text if isinstance(event, Notice) else None


def line_of(event: EngineEvent) -> str | None:
    """The plain line for an event, None for those that need none."""
    if isinstance(event, Notice):
        return event.text
    if not isinstance(event, TrialEnded):
        return None
    record = event.record
    outcome = told(record) if record.trial.role in {"ceiling", "fit"} else record.outcome
    tighter = tighter_limit(record)
    seconds = show(record.wall_seconds, "s", 2) if tighter is None else f"as in {show_bytes(tighter)}"
    width = len(str(event.total))
    place = f"[{event.number:>{width}}/{event.total}]"
    return f"{place} {record.trial.role:<7} {_subject(record.trial)}  {_within(record.trial, outcome)}  {seconds}"


def _subject(trial: Trial) -> str:
    case = trial.case
    tier = case.tier if trial.role in UNDER_LIMITS else f"this host's {case.device}"
    return f"{case.workload.id} on {tier}, {case.runtime} {case.dtype}"


def _within(trial: Trial, outcome: Outcome) -> str:
    limit = trial.limits.memory_bytes
    if trial.role == "fit" and limit is not None and isinstance(outcome, Ok):
        return f"fits in {show_bytes(limit)}"
    return _said(outcome)


def _said(outcome: Outcome) -> str:
    word = name_of(outcome).replace("_", " ")
    if isinstance(outcome, (DoesNotFit, Thrashes)):
        return f"{word} in {show_bytes(outcome.limit_bytes)}"
    if isinstance(outcome, Failed):
        return f"{word}: {outcome.error}"
    if isinstance(outcome, Unsupported):
        return f"not tried: {outcome.reason}"
    if isinstance(outcome, TimedOut):
        return f"{word}{' while thrashing' if outcome.thrashing else ''} after {show(outcome.limit_seconds, 's')}"
    return word
