"""Metrics of a trial that is slowed down to a tier's projected pace."""

from __future__ import annotations

from harness.model.measure import Metric

PACED_LATENCY = Metric(
    "paced_latency", "s", "neither", "process", "time.perf_counter_ns around each step and the wait that follows it"
)
PACED_WORK = Metric(
    "paced_work", "s", "neither", "process", "time of the step itself, on this host under the tier's limits"
)
