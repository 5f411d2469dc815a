"""The timing role: cold start, warm-up until steady, timed rounds, marks inside the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol

from msgspec.structs import replace

from harness.checks import Code, finding
from harness.meters.conditions import Conditions
from harness.model.case import Pace, Trial
from harness.model.events import Found
from harness.model.measure import (
    COLD_START,
    ELAPSED,
    INTERVAL_TIME,
    LATENCY,
    MARK_TIME,
    PROCESSING,
    PROCESSING_TIME,
    TIMED_STEPS,
    Measurement,
    Metric,
    Stage,
)
from harness.model.sustained import LAST_TO_FIRST
from harness.model.units import show_percent
from harness.scenarios import server, sustained
from harness.scenarios.single_stream import MEAN_PRECISION, MarkTaker, SingleStream
from harness.stats.stopping import median
from harness.worker import loads
from harness.worker.batches import Batches
from harness.worker.channel import Channel
from harness.worker.failures import NotFinite
from harness.worker.finite import first_not_finite

Round = tuple[int, int]

LONG_STEP_NS = 1_000_000_000
"""From here on a step costs too much to be taken for its output alone."""

SLOWER = 0.05
"""The last part of a sustained load against the first: from here on it is worth a word."""


class _Bracket(Protocol):
    def __call__(self, stage: Stage, work: Callable[[], Any], metric: Metric | None = None) -> Any: ...


def run(
    stepper: Callable[[MarkTaker], Callable[[], Any]],
    trial: Trial,
    channel: Channel,
    bracket: _Bracket,
    batches: Batches,
    *,
    learns: bool,
) -> float:
    """Time a workload's steps and send the samples. Gives their median in seconds.

    ``batches`` makes steps of another batch. Raises NotFinite where the first output is not finite, or that of one more
    step at the end; a long one is not taken once more, but where the work learns, so that its output may turn bad.
    """
    marks, pace = MarkTaker(), trial.pace
    step = stepper(marks)
    stream = SingleStream(step, pace)
    subject = loads.Subject(step, trial, batches)
    cold, (warmup, steady) = bracket("warm-up", lambda: _warm(step, stream))
    batched = not marks.taken
    marks.taken.clear()
    typical = sorted(warmup)[len(warmup) // 2] if warmup else cold
    conditions = Conditions()
    timed = bracket("timed", lambda: _watched(conditions, lambda: loads.measure(subject, typical, batched)))
    channel.measured(*conditions.measurements("timed"))
    _send(channel, "warm-up", COLD_START, [cold / 1e9])
    _send(channel, "warm-up", LATENCY, [t / 1e9 for t in warmup])
    latencies: list[float] = [(end - start) / timed.inner / 1e9 for start, end in timed.rounds]
    _send(channel, "timed", LATENCY, latencies)
    _send(channel, "timed", TIMED_STEPS, [float(timed.inner * len(timed.rounds))])
    _send(channel, "timed", ELAPSED, [_elapsed(timed.rounds, trial.case.scenario) / 1e9])
    for metric, name, values in mark_samples(timed.rounds, marks.taken):
        channel.measured(Measurement(metric, "timed", "measured", tuple(values), marks=name))
    channel.measured(*timed.more)
    _report(channel, steady, timed, pace)
    if trial.case.scenario == sustained.NAME:
        _part_by_part(channel, sustained.parts(timed.rounds, timed.inner, pace.budget_seconds))
    if typical < LONG_STEP_NS or learns:
        _check(step())
    return median(latencies)


def _elapsed(rounds: Sequence[Round], scenario: str) -> int:
    """The time that passed in timed rounds, in ns; not that in which it was looked whether there are enough of them.

    Under a server's load the time between two queries is part of it.
    """
    if scenario == server.NAME:
        return rounds[-1][1] - rounds[0][0]
    return sum(end - start for start, end in rounds)


def _warm(step: Callable[[], Any], stream: SingleStream) -> tuple[int, tuple[list[int], bool]]:
    outputs: list[Any] = []
    cold = SingleStream(lambda: outputs.append(step()), stream.pace).cold()
    _check(outputs.pop())
    return cold, stream.warm_up(cold)


def _check(output: Any) -> None:
    place = first_not_finite(output)
    if place is not None:
        raise NotFinite(f"the output is not finite at {place}")


def _watched(conditions: Conditions, measure: Callable[[], Any]) -> Any:
    conditions.begin()
    result = measure()
    conditions.end()
    return result


def _send(channel: Channel, stage: Stage, metric: Metric, values: list[float]) -> None:
    missing = None if values else "the budget was spent by the first step"
    channel.measured(Measurement(metric, stage, "measured", tuple(values), missing))


def _report(channel: Channel, steady: bool, timed: loads.Timed, pace: Pace) -> None:
    mean_precision = MEAN_PRECISION * pace.precision
    if not steady:
        text = "step times had not settled when warm-up ended"
        channel.send(Found(replace(finding(Code.NOT_STEADY, text), level="info")))
    text = (
        f"the interval is wider than ±{100 * pace.precision:g} % of the median, or ±{100 * mean_precision:g} % "
        "of the mean, within the time budget"
    )
    for remark in timed.remarks if timed.precise else (text,):
        channel.send(Found(finding(Code.PRECISION, remark)))


def _part_by_part(channel: Channel, parts: Sequence[sustained.Part]) -> None:
    measured = sustained.measurements(parts)
    channel.measured(*measured)
    ratio = next((value for m in measured if m.metric is LAST_TO_FIRST for value in m.values), 1.0)
    if ratio > 1 + SLOWER:
        text = f"the last part of the sustained load took {show_percent(ratio - 1, signed=True)} against the first"
        channel.send(Found(finding(Code.SLOWS_DOWN, text)))


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
    yield from _processing(rounds, taken)


def _processing(rounds: Sequence[Round], taken: Sequence[tuple[str, int]]) -> Iterator[tuple[Metric, str, list[float]]]:
    """Times in seconds of the stages of a step, from the one before or the step's start: of those marked once in each.

    Other marks do not end a stage: a token's lies within the model's.
    """
    ends = {name: list(_grouped(rounds, [at for mark, at in taken if mark == name])) for name in PROCESSING}
    before = [start for start, _ in rounds]
    for name, groups in ends.items():
        if groups and all(len(group) == 1 for _, group in groups):
            after = [group[0] for _, group in groups]
            yield PROCESSING_TIME, name, [(b - a) / 1e9 for a, b in zip(before, after, strict=True)]
            before = after


def _grouped(rounds: Sequence[Round], times: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    position = 0
    for start, end in rounds:
        group = []
        while position < len(times) and times[position] <= end:
            if times[position] >= start:
                group.append(times[position])
            position += 1
        yield start, group
