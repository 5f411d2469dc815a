"""The timed stage of a timing trial by scenario: what was run, what is to be told of it, and what to remark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.model.case import Trial
from harness.model.load import Load
from harness.model.measure import Measurement
from harness.scenarios import multi_stream, offline, server, sustained
from harness.scenarios.multi_stream import MultiStream
from harness.scenarios.offline import Offline
from harness.scenarios.server import Server
from harness.scenarios.single_stream import SingleStream
from harness.scenarios.sustained import Sustained
from harness.worker.batches import Batches, peak_bytes

Round = tuple[int, int]


@dataclass(frozen=True)
class Timed:
    """What the timed stage came to. A round is ``inner`` steps; ``rounds`` holds (start, end) pairs in ns."""

    rounds: Sequence[Round]
    inner: int = 1
    precise: bool = True
    """False where single stream did not become as precise as asked."""
    more: tuple[Measurement, ...] = ()
    """What the scenario measured beside the time of a step."""
    remarks: tuple[str, ...] = ()
    """What was asked for and not reached."""


@dataclass(frozen=True)
class Subject:
    """What is loaded: a step, its trial, and how to come by steps of another batch."""

    step: Callable[[], Any]
    trial: Trial
    batches: Batches


def measure(subject: Subject, typical_ns: float, batched: bool) -> Timed:
    """Load it as its scenario says. A step takes about ``typical_ns``; short ones share a round where ``batched``."""
    scenario, pace = subject.trial.case.scenario, subject.trial.pace
    if scenario == sustained.NAME:
        return Timed(*Sustained(subject.step, pace).measure(typical_ns, batched))
    if pace.load is not None and scenario in _MEASURED:
        return _MEASURED[scenario](subject, pace.load, typical_ns)
    return Timed(*SingleStream(subject.step, pace).measure(typical_ns, batched and pace.load is None))


def _multi_stream(subject: Subject, load: Load, _typical_ns: float) -> Timed:
    steps = max(1, load.samples_per_query // subject.trial.case.workload.samples)
    queries = MultiStream(subject.step, load, steps).measure()
    short = len(queries) < load.min_query_count
    count = f"the percentile needs {load.min_query_count} queries, there were {len(queries)} in the time given"
    return Timed(queries, steps, more=multi_stream.measurements(queries), remarks=(count,) if short else ())


def _server(subject: Subject, load: Load, typical_ns: float) -> Timed:
    trial = subject.trial
    found = Server(subject.step, load, f"{trial.seed}:{trial.replicate}").measure(typical_ns)
    rounds = [(query.began, query.done) for query in found.told.queries]
    return Timed(rounds, more=server.measurements(found, load), remarks=_of_search(found, load))


def _of_search(found: server.Found, load: Load) -> tuple[str, ...]:
    if found.bracket is None:
        undecided = found.tries[0].verdict == "undecided"
        return (f"at {load.target_qps:g} queries/s: {server.shortage(found.tries, load)}",) if undecided else ()
    if found.bracket.kept is None or found.bracket.precise:
        return ()
    return ("the search for the largest rate ended before it was as precise as asked",)


def _offline(subject: Subject, load: Load, _typical_ns: float) -> Timed:
    own = subject.trial.case.workload.samples

    def step_at(batch: int) -> Callable[[], Any] | str:
        return subject.step if batch == own else subject.batches.step_at(batch)

    found = Offline(step_at, load, peak=peak_bytes).measure(own)
    remarks = (f"no larger batch was tried: {found.ended}",) if found.ended else ()
    return Timed(found.tries[0].rounds, more=offline.measurements(found), remarks=remarks)


_MEASURED: dict[str, Callable[[Subject, Load, float], Timed]] = {
    multi_stream.NAME: _multi_stream,
    server.NAME: _server,
    offline.NAME: _offline,
}
