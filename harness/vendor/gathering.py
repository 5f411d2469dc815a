"""From the records of a calibration to anchors and figures; trials that are not valid are left out, and why is said."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from harness.checks import validity
from harness.model.measure import LATENCY
from harness.model.outcome import Ok, name_of
from harness.model.profile import Anchors, Figure, FigureKind
from harness.model.record import Record, Run
from harness.model.sensors import TEMPERATURE
from harness.vendor.about import rounded

SOURCE = "tierbench profile calibrate"
KEPT_SAMPLES = 60
"""Of a model's times; evenly spaced ones where there are more. A profile is a page of text."""
_DIGITS = 5

Key = tuple[str, str, str, str]
"""Device, runtime, data type, workload."""


class Times(Struct, frozen=True):
    """The times (s) of one workload in one runtime, a sequence for each valid process, and what a step processes."""

    processes: tuple[tuple[float, ...], ...]
    items: float | None = None

    @property
    def median(self) -> float:
        """Over all processes."""
        return statistics.median([value for process in self.processes for value in process])

    @property
    def spread(self) -> float:
        """Of the processes' medians, relative; of the middle half of the times where there is one process."""
        if len(self.processes) > 1:
            middles = [statistics.median(process) for process in self.processes]
            return (max(middles) - min(middles)) / self.median
        low, _, high = statistics.quantiles(self.processes[0], n=4) if len(self.processes[0]) > 1 else (0.0, 0.0, 0.0)
        return (high - low) / self.median


class Gathered(Struct, frozen=True):
    """Valid times by what was timed, and sentences on what was left out."""

    times: dict[Key, Times]
    notes: tuple[str, ...]


def gather(runs: Sequence[Run]) -> Gathered:
    """What the timing trials of some runs give."""
    found: dict[Key, list[Record]] = defaultdict(list)
    notes = []
    records = [record for run in runs for record in run.records]
    for record in records:
        if record.trial.role == "timing":
            reason = _why_not(record)
            case = record.trial.case
            if reason is None:
                found[case.device, case.runtime, case.dtype, case.workload.id].append(record)
            else:
                notes.append(f"left out: {record.trial_id}: {reason}")
    times = {key: Times(tuple(_values(r) for r in valid), valid[0].items) for key, valid in found.items()}
    return Gathered(times, (*notes, *_warmth(records)))


def _why_not(record: Record) -> str | None:
    if not isinstance(record.outcome, Ok):
        return getattr(record.outcome, "error", None) or name_of(record.outcome)
    if not _values(record):
        return "it has no times"
    found = validity(record)
    return "; ".join(r.message for r in found.reasons) if found.state == "invalid" else None


def _values(record: Record) -> tuple[float, ...]:
    latency = record.find(LATENCY.id, "timed")
    return latency.values if latency else ()


def _warmth(records: Sequence[Record]) -> Iterator[str]:
    """How hot the board was at the first look, at the last, and at most."""
    looks = [m for r in records if (m := r.find(TEMPERATURE.id, "timed")) is not None and m.values]
    if looks:
        first, last = looks[0].values[0], looks[-1].values[-1]
        most = max(value for look in looks for value in look.values)
        yield f"hottest thermal zone: {first:.0f} °C at first, {last:.0f} °C at last, {most:.0f} °C at most"
    elif records:
        yield "no thermal zone answers here: that the board stayed cool is not known"


def anchors(
    found: Gathered, models: Mapping[str, str], threads: int, versions: Mapping[str, str]
) -> list[tuple[str, Anchors]]:
    """A group with its device for each runtime and type. ``models``: workload -> model; ``versions`` by runtime."""
    groups: dict[tuple[str, str, str], dict[str, Times]] = defaultdict(dict)
    for (device, runtime, dtype, workload), times in found.times.items():
        if workload in models:
            groups[device, runtime, dtype][models[workload]] = times
    names = {model: workload for workload, model in models.items()}
    return [
        (device, _group(runtime, dtype, 1 if device == "gpu" else threads, of, names, versions.get(runtime, "")))
        for (device, runtime, dtype), of in groups.items()
    ]


def _group(
    runtime: str, dtype: str, threads: int, of: Mapping[str, Times], names: Mapping[str, str], version: str
) -> Anchors:
    samples = {model: _kept(times) for model, times in of.items()}
    return Anchors(
        runtime=runtime,
        dtype=dtype,
        threads=threads,
        unit="ms",
        source=SOURCE,
        date=today(),
        kind="measured",
        values={model: _short(statistics.median(kept)) for model, kept in samples.items()},
        version=version,
        statistic="median",
        by="tierbench",
        n=min(sum(map(len, times.processes)) for times in of.values()),
        spread={model: rounded(times.spread) for model, times in of.items()},
        samples=samples,
        note=_note(of, names),
    )


def _note(of: Mapping[str, Times], names: Mapping[str, str]) -> str:
    processes = min(len(times.processes) for times in of.values())
    spread = "of the processes' medians" if processes > 1 else "of the middle half of the times"
    suites = ", ".join(sorted({names[model].partition("/")[0] for model in of}))
    return f"suite {suites}; {processes} valid processes or more; spread {spread}; n is the least"


def _kept(times: Times) -> tuple[float, ...]:
    """In ms, in the order in which they were taken."""
    every = [value for process in times.processes for value in process]
    return tuple(_short(value * 1e3) for value in every[:: -(-len(every) // KEPT_SAMPLES)])


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def copy_bandwidth(times: Times, threads: int) -> Figure:
    """Bytes copied a second: a step reads and writes ``items`` bytes."""
    rate = (times.items or 0.0) / 2 / times.median
    size = (times.items or 0.0) / 2 / 2**20
    note = f"copy of {size:.0f} MiB by PyTorch on {threads} thread{'s' if threads > 1 else ''}, median"
    return figure(rate / 1e9, "GB/s", "measured", SOURCE, note)


def product_rate(found: Gathered, workload: str) -> float | None:
    """FLOP/s of the best runtime's float32 products; None where none was timed."""
    rates = [
        (times.items or 0.0) / times.median
        for (device, _, dtype, name), times in found.times.items()
        if name == workload and device == "cpu" and dtype == "float32"
    ]
    return max(rates, default=None)


def speedup(single: Gathered, all_cores: Gathered, workloads: Mapping[str, str], threads: int) -> Figure | None:
    """Throughput of all cores over that of one: the median over models and runtimes; None where none was timed."""
    ratios = [
        times.median / all_cores.times[key].median
        for key, times in single.times.items()
        if key in all_cores.times and key[3] in workloads and key[0] == "cpu"
    ]
    if not ratios:
        return None
    source = f"time at 1 thread over time at {threads}: {SOURCE}"
    return figure(statistics.median(ratios), "1", "computed", source, f"median over {len(ratios)} models in runtimes")


def figure(value: float, unit: str, kind: FigureKind, source: str, note: str) -> Figure:
    """A figure of today, to four digits."""
    return Figure(rounded(value), unit, source, today(), kind, note, by="tierbench")


def today() -> str:
    """The date, in UTC."""
    return datetime.now(tz=UTC).date().isoformat()


class Measured(Struct, frozen=True):
    """What a calibration found, by number of threads; ``models``: workload -> model, ``versions`` by runtime."""

    by_threads: dict[int, Gathered]
    models: dict[str, str]
    versions: dict[str, str]
    complete: bool = True

    @property
    def groups(self) -> list[tuple[str, Anchors]]:
        """Groups with the kind of device that they ran on."""
        return [
            group
            for threads, found in self.by_threads.items()
            for group in anchors(found, self.models, threads, self.versions)
            if group[0] == "cpu" or threads > 1 or len(self.by_threads) == 1
        ]
