"""What is compared: each metric with its records, what it comes to, how much of it matters and how that is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from harness import stats
from harness.compare.result import Threshold
from harness.model.load import LARGEST_QPS, QUERY_LATENCY, SAMPLES_PER_SECOND
from harness.model.measure import GPU_RESERVED, LATENCY, STEP_ENERGY, TREE_PEAK, Bound, Measurement
from harness.model.record import Record
from harness.model.units import MIB
from harness.stats import early_stopping
from harness.verdict import CaseFacts, mean_step, warm

THROUGHPUT = "throughput"
CONTINUOUS = ("single_stream", "multi_stream", "sustained")
"""Scenarios in which one step follows the other without pause, at one batch."""
QUERY_TAIL = "query_tail"
"""The percentile of latency that a scenario reports."""


def _median(_record: Record, measurement: Measurement) -> float | None:
    return stats.median(measurement.values)


def _tail(record: Record, measurement: Measurement) -> float | None:
    """MLPerf's estimate of the percentile that was asked for; None where none was, or of too few samples."""
    load = record.trial.pace.load
    return early_stopping.estimate(measurement.values, load.target_latency_percentile) if load else None


def _tail_of_steps(record: Record, measurement: Measurement) -> float | None:
    """The same of a step's latency: elsewhere than in single stream a query is more than a step."""
    return _tail(record, measurement) if record.trial.case.scenario == "single_stream" else None


def _mean(_record: Record, measurement: Measurement) -> float | None:
    return math.fsum(measurement.values) / len(measurement.values)


def _throughput(record: Record, _measurement: Measurement) -> float | None:
    """Items over the time that passed; None where the workload did not say what a step processes, or under a load that
    has a rate of its own.
    """
    each = mean_step(record) if record.trial.case.scenario in CONTINUOUS else None
    return record.items / each if record.items and each else None


class Kind(Struct, frozen=True):
    """A metric as it is compared: which records, which measurement, how much matters, how it is said."""

    metric: str
    unit: str
    stage: str | None
    """None: the highest of all stages."""
    records: Callable[[CaseFacts], Sequence[Record]]
    threshold: Threshold
    worse: str
    better: str
    steadier: Callable[[CaseFacts], Sequence[Record]] = lambda _facts: ()
    """Records of a pass in which the figure repeats better, taken where both runs have them."""
    alone: str = "run with --processes 5"
    """What to do where a side has one process only."""
    figure: Callable[[Record, Measurement], float | None] = _median
    """Of a process: what its samples come to; None where they come to nothing."""
    named: str = ""
    """What the row is called where it is not the metric itself."""
    higher: bool = False
    """True where more is better."""

    def taken(self, facts: CaseFacts) -> list[tuple[str, float]]:
        """When each process with a figure was started, and the figure. In the order of the records."""
        found = ((r.started, self._figure(r)) for r in self.records(facts))
        return [(started, figure) for started, figure in found if figure is not None]

    def bounds(self, facts: CaseFacts) -> set[Bound | None]:
        """Which bounds its figures are; ``{None}`` where all are exact."""
        return {m.bound for r in self.records(facts) for m in self._measurements(r)}

    def _measurements(self, record: Record) -> list[Measurement]:
        every = [m for m in record.measurements if m.metric.id == self.metric and m.values and m.marks is None]
        return [m for m in every if self.stage in (None, m.stage)]

    def _figure(self, record: Record) -> float | None:
        figures = (self.figure(record, m) for m in self._measurements(record))
        return max((figure for figure in figures if figure is not None), default=None)


def _of_timing(metric: str, unit: str, worse: str, better: str, **more: Any) -> Kind:
    """A metric of the timed stage, of which 5 % matter."""
    threshold = Threshold(0.05)
    return Kind(metric, unit, "timed", lambda facts: facts.work.timing, threshold, worse, better, **more)


def _of_memory(metric: str, stage: str | None, **more: Any) -> Kind:
    words = "needs more memory", "needs less memory"
    return Kind(metric, "B", stage, lambda facts: warm(facts.work.need)[0], Threshold(0.02, 4 * MIB), *words, **more)


KINDS = (
    _of_timing(LATENCY.id, "s", "slower", "faster"),
    _of_timing(LATENCY.id, "items/s", "slower", "faster", figure=_throughput, named=THROUGHPUT, higher=True),
    _of_memory(TREE_PEAK.id, "trial", steadier=lambda facts: warm(facts.work.gate)[0]),
    _of_memory(GPU_RESERVED.id, None),
    Kind(
        metric=STEP_ENERGY.id,
        unit="J",
        stage="timed",
        records=lambda facts: facts.work.energy,
        threshold=Threshold(0.05),
        worse="uses more energy",
        better="uses less energy",
        alone="a run measures a case's energy in one",
        figure=_mean,
    ),
    _of_timing(LATENCY.id, "s", "slower", "faster", figure=_tail_of_steps, named=QUERY_TAIL),
    _of_timing(QUERY_LATENCY.id, "s", "slower", "faster", figure=_tail, named=QUERY_TAIL),
    _of_timing(LARGEST_QPS.id, LARGEST_QPS.unit, "lower rate", "higher rate", higher=True),
    _of_timing(SAMPLES_PER_SECOND.id, SAMPLES_PER_SECOND.unit, "lower rate", "higher rate", higher=True),
)
