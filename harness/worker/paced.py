"""The paced role: the work under a tier's limits, slowed down to the time that is projected for a step on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from harness.checks import Code, finding
from harness.model.case import Pace
from harness.model.events import Found
from harness.model.measure import Metric, Stage
from harness.model.outcome import Ok, Outcome, Unsupported
from harness.model.units import show
from harness.scenarios import paced
from harness.scenarios.paced import Paced, Step
from harness.scenarios.single_stream import SingleStream
from harness.stats.stopping import median
from harness.worker.channel import Channel
from harness.worker.failures import NotFinite
from harness.worker.finite import first_not_finite

MISSED = 0.1
"""Share of the steps that took too long by themselves: from here on it is worth a word."""
LATE = 0.05
"""Of the time asked: so much more passed a step on the whole, however few of them were late."""


class _Bracket(Protocol):
    def __call__(self, stage: Stage, work: Callable[[], Any], metric: Metric | None = None) -> Any: ...


def run(step: Callable[[], Any], pace: Pace, channel: Channel, bracket: _Bracket) -> Outcome:
    """Warm up at the host's own speed, then step at the tier's. Raises NotFinite where the last output is not finite.

    A host that is slower than the tier by itself is an outcome, ``Unsupported``.
    """
    asked = pace.step_seconds
    if asked is None:
        raise ValueError("a paced trial must be told how long a step is to take")
    own = bracket("warm-up", lambda: _own_seconds(SingleStream(step, pace)))
    if own > asked:
        slower = f"{show(own, 's')} against {show(asked, 's')}"
        return Unsupported(f"this host is slower than the projected board: {slower}")
    steps = bracket("timed", lambda: Paced(step, pace).measure(asked))
    channel.measured(*paced.measurements(steps))
    _complain(steps, asked, channel)
    place = first_not_finite(step())
    if place is not None:
        raise NotFinite(f"the output is not finite at {place}")
    return Ok()


def _own_seconds(stream: SingleStream) -> float:
    cold = stream.cold()
    times, _ = stream.warm_up(cold)
    return median(times or [cold]) / 1e9


def _complain(steps: list[Step], asked: float, channel: Channel) -> None:
    late = paced.overran(steps, asked)
    each = (steps[-1].over - steps[0].began) / len(steps) / 1e9
    text = f"{late} of {len(steps)} steps took longer than the {show(asked, 's')} asked by themselves"
    if late > MISSED * len(steps):
        channel.send(Found(finding(Code.PACE_MISSED, text)))
    elif each > (1 + LATE) * asked:
        channel.send(Found(finding(Code.PACE_MISSED, f"{text}, so that one came every {show(each, 's')}")))
