"""The timing role: cold start, warm-up until steady, timed rounds, marks inside the steps."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol

from harness.model.case import Pace
from harness.model.events import Found
from harness.model.measure import (
    COLD_START,
    INTERVAL_TIME,
    LATENCY,
    MARK_TIME,
    Finding,
    Measurement,
    Metric,
    Stage,
)
from harness.scenarios.single_stream import MarkTaker, SingleStream
from harness.worker.channel import Channel
from harness.worker.failures import NotFinite
from harness.worker.finite import first_not_finite

Round = tuple[int, int]


class _Bracket(Protocol):
    def __call__(self, stage: Stage, work: Callable[[], Any], metric: Metric | None = None) -> Any: ...


def run(
    stepper: Callable[[MarkTaker], Callable[[], Any]], pace: Pace, channel: Channel, bracket: _Bracket, opaque: bool
) -> None:
    """Time a workload's steps and send the samples. Raises NotFinite where the last output is not finite."""
    marks = MarkTaker()
    step = stepper(marks)
    stream = SingleStream(step, pace)
    cold, (warmup, steady) = bracket("warm-up", lambda: _warm(stream))
    batched = not marks.taken and not opaque
    marks.taken.clear()
    gc.freeze()
    typical = sorted(warmup)[len(warmup) // 2] if warmup else cold
    rounds, inner, precise = bracket("timed", lambda: stream.measure(typical, batched))
    _send(channel, "warm-up", COLD_START, [cold / 1e9])
    _send(channel, "warm-up", LATENCY, [t / 1e9 for t in warmup])
    _send(channel, "timed", LATENCY, [(end - start) / inner / 1e9 for start, end in rounds])
    for metric, name, values in mark_samples(rounds, marks.taken):
        channel.measured(Measurement(metric, "timed", "measured", tuple(values), marks=name))
    _report(channel, steady, precise, pace)
    place = first_not_finite(step())
    if place is not None:
        raise NotFinite(f"the output is not finite at {place}")


def _warm(stream: SingleStream) -> tuple[int, tuple[list[int], bool]]:
    cold = stream.cold()
    return cold, stream.warm_up(cold)


def _send(channel: Channel, stage: Stage, metric: Metric, values: list[float]) -> None:
    missing = None if values else "the budget was spent by the first step"
    channel.measured(Measurement(metric, stage, "measured", tuple(values), missing))


def _report(channel: Channel, steady: bool, precise: bool, pace: Pace) -> None:
    if not steady:
        hint = "give it a longer warm-up, or look for what disturbs the machine with `tierbench doctor`"
        channel.send(Found(Finding("info", "not-steady", "step times had not settled when warm-up ended", hint)))
    if not precise:
        text = f"the interval is wider than ±{100 * pace.precision:g} % of the median within the time budget"
        channel.send(Found(Finding("info", "precision-not-reached", text, "give it a larger --budget")))


def mark_samples(
    rounds: Sequence[Round], taken: Sequence[tuple[str, int]]
) -> Iterator[tuple[Metric, str, list[float]]]:
    """Times in seconds of each mark from the start of its round, and between marks of one name within a round."""
    for name in dict.fromkeys(name for name, _ in taken):
        times = [at for mark, at in taken if mark == name]
        groups = list(_grouped(rounds, times))
        yield MARK_TIME, name, [(group[0] - start) / 1e9 for start, group in groups if group]
        gaps = [(b - a) / 1e9 for _, group in groups for a, b in pairwise(group)]
        if gaps:
            yield INTERVAL_TIME, name, gaps


def _grouped(rounds: Sequence[Round], times: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    position = 0
    for start, end in rounds:
        group = []
        while position < len(times) and times[position] <= end:
            if times[position] >= start:
                group.append(times[position])
            position += 1
        yield start, group
