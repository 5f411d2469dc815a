"""How a scenario puts load on, in MLPerf's words, and the metrics of what came of it."""

from __future__ import annotations

from msgspec import Struct

from harness.model.measure import Metric

SCENARIOS = ("single_stream", "multi_stream", "offline", "server")
"""MLPerf's; ``sustained`` is tierbench's own."""


class Load(Struct, frozen=True, omit_defaults=True):
    """What a query is and when enough of them were sent. Names are those of MLPerf's settings, times are in seconds."""

    target_latency_percentile: float = 0.99
    """Share of the queries that must keep the latency, or the percentile of it that is reported."""
    target_latency: float | None = None
    """Server: the latency to keep, from a query's scheduled arrival to its end."""
    target_qps: float | None = None
    """Server: the one rate to try; None: the largest that keeps the latency is searched for."""
    samples_per_query: int = 1
    min_query_count: int = 1
    min_duration: float = 0.0
    max_duration: float = 300.0
    """Of all tries together."""
    precision: float = 0.05
    """Server: how near the largest rate kept and the least one missed are to be, as a fraction."""


QUERY_LATENCY = Metric(
    "query_latency",
    "s",
    "lower",
    "process",
    "time.perf_counter_ns from a query's scheduled arrival (server) or its issue to the end of its last sample",
)
TARGET_QPS = Metric("target_qps", "queries/s", "neither", "process", "mean rate of Poisson arrivals, one a try")
QUERY_COUNT = Metric("query_count", "count", "neither", "process", "queries of each try")
OVERLATENCY = Metric(
    "overlatency_query_count", "count", "lower", "process", "queries of each try that took longer than the deadline"
)
VALIDITY = Metric(
    "result_validity",
    "1",
    "neither",
    "process",
    "of each try by MLPerf's early-stopping rule: 1 valid, -1 invalid, 0 undecided",
)
LARGEST_QPS = Metric(
    "largest_target_qps",
    "queries/s",
    "higher",
    "process",
    "largest rate that was valid, found by bracketing and halving",
)
MISSED_QPS = Metric("missed_target_qps", "queries/s", "neither", "process", "least rate above it that was not valid")
BATCH = Metric("batch", "count", "neither", "process", "samples of a step, one a try, each twice the one before")
BATCH_RATE = Metric("batch_rate", "samples/s", "higher", "process", "samples over the wall time of each try")
BATCH_PEAK = Metric(
    "batch_peak", "B", "lower", "process", "VmHWM of the main process after each try, the model's load included"
)
SAMPLES_PER_SECOND = Metric(
    "samples_per_second", "samples/s", "higher", "process", "samples over wall time, at the batch that was fastest"
)
SAMPLE_TIME = Metric(
    "sample_time",
    "s",
    "lower",
    "process",
    "time that passed over the samples, in up to 512 parts of the pass at the fastest batch",
)
BEST_BATCH = Metric("best_batch", "count", "neither", "process", "the batch that was fastest")
