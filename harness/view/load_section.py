"""The section on load: for each case in one of MLPerf's scenarios what was asked, what came of it, and every try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.model.load import QUERY_LATENCY, Load
from harness.model.measure import LATENCY
from harness.model.record import Record
from harness.model.units import show, show_bytes
from harness.stats import median
from harness.verdict import samples
from harness.view.loaded import LoadTable
from harness.view.scene import Scene, Spot
from harness.view.under_load import batches, name_of, tail, told, tries
from harness.view.words import shown

NAMES = {
    "single_stream": "single stream",
    "multi_stream": "multi stream",
    "server": "server",
    "offline": "offline",
}
_Lines = Iterator[tuple[str, ...]]


def under_load(scene: Scene) -> tuple[LoadTable, ...]:
    """A table for each workload and tier of this host that was loaded so."""
    spots = [spot for line in scene.lines for spot in scene.row(line) if spot.facts.on_host]
    return tuple(table for spot in spots if (table := _table(spot)))


def _table(spot: Spot) -> LoadTable | None:
    records = [r for r in spot.facts.work.timing if r.trial.pace.load is not None]
    load = records[0].trial.pace.load if records else None
    if load is None:
        return None
    scenario = spot.facts.case.scenario
    columns, lines = _tried(scenario, records, load)
    return LoadTable(
        row=spot.line.index,
        anchor=spot.line.anchor,
        name=spot.line.name,
        tier=spot.tier.short,
        colour=spot.tier.colour,
        scenario=NAMES[scenario],
        asked=_asked(scenario, load),
        said=tuple(told(spot.facts, spot.values)),
        columns=columns,
        lines=tuple(lines),
    )


def _asked(scenario: str, load: Load) -> str:
    if scenario == "offline":
        return "all samples there from the start; the batch doubled while that was faster"
    if scenario != "server":
        return f"the next query when the last is done, {load.min_query_count} of them or more"
    share = f"{100 * load.target_latency_percentile:g} % within {show(load.target_latency or 0.0, 's')}"
    rate = "the largest rate" if load.target_qps is None else f"{load.target_qps:g} queries a second"
    return f"queries at random times, one served at a time: {share}, at {rate}"


def _tried(scenario: str, records: Sequence[Record], load: Load) -> tuple[tuple[str, ...], _Lines]:
    if scenario == "server":
        over = f"Over {show(load.target_latency or 0.0, 's')}"
        return ("Process", "Rate", "Queries", over, name_of(load), "Longest", "Verdict"), _rates(records, load)
    if scenario == "offline":
        return ("Batch", "Throughput", "Process peak by then"), _batches(records)
    metric = LATENCY.id if scenario == "single_stream" else QUERY_LATENCY.id
    return ("Process", "Queries", "Median", name_of(load), "Longest"), _queries(records, load, metric)


def _rates(records: Sequence[Record], load: Load) -> _Lines:
    for number, record in enumerate(records, 1):
        for one in sorted(tries(record), key=lambda one: one.rate):
            high, longest = shown(tail([one.latencies], load)).text, show(max(one.latencies), "s")
            counts = f"{one.queries:,.0f}", f"{one.over:,.0f}"
            yield str(number), show(one.rate, "queries/s"), *counts, high, longest, one.verdict


def _batches(records: Sequence[Record]) -> _Lines:
    for batch, found in batches(records).items():
        peaks = [peak for _, peak in found if peak is not None]
        rate = len(found) / sum(1 / rate for rate, _ in found)
        yield f"{batch:g}", show(rate, "samples/s"), show_bytes(max(peaks)) if peaks else "–"


def _queries(records: Sequence[Record], load: Load, metric: str) -> _Lines:
    for number, values in enumerate(samples(records, metric, "timed"), 1):
        high = shown(tail([values], load)).text
        yield str(number), f"{len(values):,}", show(median(values), "s"), high, show(max(values), "s")
