"""What came of a load in one of MLPerf's scenarios: its headline, every try behind it, and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from harness.model.load import (
    BATCH,
    BATCH_PEAK,
    BATCH_RATE,
    BEST_BATCH,
    LARGEST_QPS,
    MISSED_QPS,
    OVERLATENCY,
    QUERY_COUNT,
    QUERY_LATENCY,
    SAMPLE_TIME,
    SAMPLES_PER_SECOND,
    TARGET_QPS,
    VALIDITY,
    Load,
)
from harness.model.measure import LATENCY, Metric
from harness.model.record import Record
from harness.model.units import show, show_bytes
from harness.stats import early_stopping, median, summarise, summarise_means
from harness.verdict import CaseFacts, samples
from harness.view.figures import Value

TAIL, RATE, THROUGHPUT = HEADLINES = ("query_tail", "largest_qps", "offline_throughput")
TRY = "try:"
ESTIMATE = "MLPerf's early-stopping estimate"
_VERDICTS = {1.0: "valid", 0.0: "undecided", -1.0: "invalid"}


def under_load(facts: CaseFacts) -> dict[str, Value]:
    """The figures of a case that was loaded as one of MLPerf's scenarios says; none of any other."""
    records = [r for r in facts.work.timing if r.trial.pace.load is not None]
    make = _FIGURES.get(facts.case.scenario)
    load = records[0].trial.pace.load if records else None
    return dict(make(records, load)) if make and load else {}


def told(facts: CaseFacts, values: Mapping[str, Value]) -> Iterator[str]:
    """The headline as it stands in a cell: ``27.3 queries/s, 99 % of them within 50 ms``."""
    load = next((r.trial.pace.load for r in facts.work.timing), None)
    if load is None:
        return
    share = f"{100 * load.target_latency_percentile:g} %"
    deadline = show(load.target_latency or 0.0, "s")
    for value in (values[key] for key in HEADLINES if key in values):
        if value.value is None:
            yield f"{value.label}: {value.note}"
        elif value.metric == RATE:
            yield f"{show(value.value, value.unit)}, {share} of them within {deadline}"
        elif value.metric == TAIL:
            yield f"{share} of {_what(facts, load)} within {show(value.value, 's')}"
        else:
            yield f"{show(value.value, value.unit)} at batch {values['best_batch'].value:g}"


def _what(facts: CaseFacts, load: Load) -> str:
    if facts.case.scenario == "server":
        return f"queries at {load.target_qps:g} a second"
    return f"queries of {_samples(facts, load)} samples" if facts.case.scenario == "multi_stream" else "steps"


def _samples(facts: CaseFacts, load: Load) -> int:
    return max(load.samples_per_query, facts.case.workload.samples)


def _single_stream(records: Sequence[Record], load: Load) -> Iterator[tuple[str, Value]]:
    yield TAIL, tail(samples(records, LATENCY.id, "timed"), load)


def _multi_stream(records: Sequence[Record], load: Load) -> Iterator[tuple[str, Value]]:
    groups = samples(records, QUERY_LATENCY.id, "timed")
    yield "query_latency", _summed(Value("query_latency", "latency of a query", "s"), groups)
    yield TAIL, tail(groups, load)


def _server(records: Sequence[Record], load: Load) -> Iterator[tuple[str, Value]]:
    deadline = show(load.target_latency or 0.0, "s")
    if load.target_qps is not None:
        yield TAIL, tail(samples(records, QUERY_LATENCY.id, "timed"), load)
    else:
        yield RATE, _largest(records, deadline)
    for number, record in enumerate(records, 1):
        of = f", process {number}" if len(records) > 1 else ""
        yield from _tries(record, load, deadline, of)


def _largest(records: Sequence[Record], deadline: str) -> Value:
    blank = Value(RATE, f"largest rate that keeps {deadline}", "queries/s", "higher", stage="timed")
    beyond = [v for group in samples(records, MISSED_QPS.id, "timed") for v in group]
    note = f"the search ended at {show(median(beyond), 'queries/s')}, which was not valid" if beyond else ""
    groups = samples(records, LARGEST_QPS.id, "timed")
    if groups:
        return replace(_summed(blank, groups), note=note)
    reasons = [m.missing for r in records if (m := r.find(LARGEST_QPS.id, "timed")) and m.missing]
    return replace(blank, note=reasons[0] if reasons else "no timing trial has ended well")


class Tried(Struct, frozen=True):
    """A rate that was tried: queries a second, how many there were, how many were over, the verdict, latencies (s)."""

    rate: float
    queries: float
    over: float
    verdict: str
    latencies: tuple[float, ...]


def tries(record: Record) -> list[Tried]:
    """All that a server's timing trial tried, in that order."""
    rates, counts, overs, verdicts = (_values(record, m) for m in (TARGET_QPS, QUERY_COUNT, OVERLATENCY, VALIDITY))
    latencies = [m.values for m in record.measurements if m.metric.id == QUERY_LATENCY.id]
    words = [_VERDICTS[verdict] for verdict in verdicts]
    return [Tried(*found) for found in zip(rates, counts, overs, words, latencies, strict=True)]


def _tries(record: Record, load: Load, deadline: str, of: str) -> Iterator[tuple[str, Value]]:
    """A figure a try: its percentile, where there were queries enough, and the verdict with what says so."""
    for one in tries(record):
        note = f"{one.verdict}: {one.over:g} of {one.queries:g} queries over {deadline}"
        label = f"{name_of(load)} at {show(one.rate, 'queries/s')}{of}"
        key = f"at {one.rate:.6g} queries/s{of}"
        yield f"{TRY}{key}", replace(tail([one.latencies], load), metric=TAIL, label=label, note=note, marks=key)


def batches(records: Sequence[Record]) -> dict[float, list[tuple[float, float | None]]]:
    """Of each batch that an offline trial tried, a process after the other: samples a second, and peak bytes."""
    tried: dict[float, list[tuple[float, float | None]]] = {}
    for record in records:
        sizes, rates, peaks = (_values(record, m) for m in (BATCH, BATCH_RATE, BATCH_PEAK))
        for k, (batch, rate) in enumerate(zip(sizes, rates, strict=True)):
            tried.setdefault(batch, []).append((rate, peaks[k] if k < len(peaks) else None))
    return dict(sorted(tried.items()))


def _offline(records: Sequence[Record], _load: Load) -> Iterator[tuple[str, Value]]:
    blank = Value(THROUGHPUT, "throughput at the fastest batch", "samples/s", "higher", stage="timed")
    yield THROUGHPUT, _rate(blank, *(samples(records, m.id, "timed") for m in (SAMPLES_PER_SECOND, SAMPLE_TIME)))
    best = Value("best_batch", "fastest batch", "count", "neither", stage="timed")
    yield "best_batch", _summed(best, samples(records, BEST_BATCH.id, "timed"))
    for batch, found in batches(records).items():
        one = Value("batch_rate", f"throughput at batch {batch:g}", "samples/s", "higher", marks=f"batch {batch:g}")
        known = [peak for _, peak in found if peak is not None]
        note = f"process peak by then {show_bytes(max(known))}" if known else ""
        yield f"batch:{batch:g}", replace(_rate(one, [(rate,) for rate, _ in found]), note=note)


def tail(groups: Sequence[Sequence[float]], load: Load) -> Value:
    """The percentile of each process, and their median; missing where a process has too few."""
    percentile = load.target_latency_percentile
    blank = Value(TAIL, f"{name_of(load)} of a query", "s", stage="timed")
    found = [(e,) for group in groups if (e := early_stopping.estimate(group, percentile)) is not None]
    count = sum(map(len, groups))
    if not found or len(found) < len(groups):
        most = max(map(len, groups), default=0)
        needed = early_stopping.least_queries(1, percentile)
        return replace(blank, note=f"{name_of(load)} needs {needed} samples, there are {most}")
    return replace(_summed(blank, found), samples=count, method=ESTIMATE)


def name_of(load: Load) -> str:
    """What its percentile is called."""
    return f"p{100 * load.target_latency_percentile:g}"


def _values(record: Record, metric: Metric) -> tuple[float, ...]:
    found = record.find(metric.id, "timed")
    return found.values if found else ()


def _summed(blank: Value, groups: Sequence[Sequence[float]]) -> Value:
    if not groups:
        return replace(blank, note="no timing trial has ended well")
    s = summarise(groups)
    found = replace(blank, value=s.median, low=s.low, high=s.high, samples=s.n, processes=s.processes)
    return replace(found, provenance="measured", method=s.method, stage="timed")


def _rate(blank: Value, groups: Sequence[Sequence[float]], times: Sequence[Sequence[float]] = ()) -> Value:
    """Samples over the time that passes, over all processes: by the mean of their times a sample.

    ``times`` are those of parts of each process's pass, where they are known: they tell how sure its rate is.
    """
    if not groups:
        return _summed(blank, groups)
    means = [1 / rate for (rate,) in groups]
    s = summarise_means(times if len(times) == len(groups) else [(mean,) for mean in means], means)
    low, high = (1 / bound if bound else None for bound in (s.high, s.low))
    found = replace(blank, value=1 / s.mean, low=low, high=high, samples=s.n, processes=s.processes)
    return replace(found, provenance="measured", method=s.method, stage="timed")


_FIGURES: dict[str, Callable[[Sequence[Record], Load], Iterator[tuple[str, Value]]]] = {
    "single_stream": _single_stream,
    "multi_stream": _multi_stream,
    "server": _server,
    "offline": _offline,
}
