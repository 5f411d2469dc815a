"""Logs of TensorRT's trtexec, and the times that it writes with ``--exportTimes``."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from harness.model.profile import Anchors
from harness.vendor.about import About, Imported, Line, Missing, device_fault, lines, refuse_other, rounded
from harness.vendor.json_entries import entries
from harness.vendor.trtexec_setup import Setup, setup

KEPT_SAMPLES = 500
"""A profile is a page of text: of more exported times evenly spaced ones are kept, and the note says so."""
_STATISTICS = ("min", "max", "mean", "median")
_LATENCY = re.compile(r"(?<![\w-] )\bLatency:\s")
_ONE_LINE = re.compile(r"\b(min|max|mean|median) = ([^\s,]+) ms")
_SECTION = re.compile(r"\]?\s*Host Latency\s*\Z")
_OWN_LINE = re.compile(r"(?:\A|\]\s*)(min|max|mean|median): (\S+) ms\b")
_QUERIES = re.compile(r"Timing trace has (\d{1,9}) queries")
_THROUGHPUT = re.compile(r"[Tt]hroughput: ([\d.]{1,20}) qps")
_MEANS = "copies to and from the GPU are in it"
_RIGHT = "'Latency: min = 5.3 ms, max = 6.1 ms, mean = 5.9 ms, median = 6 ms'"


class _Summary(Struct, frozen=True):
    """The latencies (ms) and the line that they begin on."""

    line: Line
    said: dict[str, str]

    def values(self) -> tuple[float, float, float, float]:
        """Minimum, maximum, mean and median. Raises UserError."""
        if any(name not in self.said for name in _STATISTICS):
            raise self.line.refuse("the latency cannot be read", _RIGHT)
        least, most, mean, median = (self.line.positive(self.said[name], "a latency") for name in _STATISTICS)
        if not least <= min(mean, median) <= max(mean, median) <= most:
            raise self.line.refuse("mean or median do not lie between min and max", "copy the line whole")
        return least, most, mean, median


def looks_like(text: str) -> bool:
    """Whether it names trtexec, has its summary or its exported times."""
    return "TensorRT.trtexec" in text or '"latencyMs"' in text or "Latency: min = " in text


def read(file: str, text: str, about: About) -> Imported:
    """One anchor: the median latency. Raises UserError that names the line."""
    exported = text.lstrip()[:1] == "[" and "{" in text[:200]
    return _exported(file, text, about) if exported else _log(file, text, about)


def _log(file: str, text: str, about: About) -> Imported:
    found = _summary(file, text)
    device_fault(about, "gpu", "trtexec", found.line)
    least, most, _, median = found.values()
    queries, throughput = _QUERIES.search(text), _THROUGHPUT.search(text)
    known = setup(file, text)
    copies = "copies to and from the GPU are not in it" if known.without_copies else _MEANS
    notes = ["trtexec", copies, *known.notes]
    anchors = _anchors(found.line, about, known, median, ", ".join(notes))
    said = f"; throughput {throughput[1]} queries/s" if throughput and throughput[1].strip("0.") else ""
    model = next(iter(anchors.values))
    count = int(queries[1]) if queries and int(queries[1]) else None
    spread = {model: rounded((most - least) / median)}
    warned = tuple(f"trtexec says: {warning[:200]}" for warning in known.warnings)
    return Imported((replace(anchors, n=count, spread=spread, note=anchors.note + said),), warned)


def _summary(file: str, text: str) -> _Summary:
    """The latencies. Raises UserError where the run failed, has not ended, or there are several."""
    every = lines(file, text)
    for line in every:
        if "&&&& FAILED" in line.text:
            raise line.refuse("the run failed", "import the log of one that passed")
    found = [_Summary(line, dict(_ONE_LINE.findall(line.text))) for line in every if _is_latency(line.text)]
    found += [_older(every, at) for at, line in enumerate(every) if _SECTION.search(line.text.rstrip())]
    if not found:
        raise every[-1].refuse(
            "there is no line 'Latency: min = ...'", "the log of a whole run, or the file of --exportTimes"
        )
    if len(found) > 1:
        raise found[1].line.refuse(f"a second run begins after line {found[0].line.number}", "one file a run")
    return found[0]


def _older(every: Sequence[Line], at: int) -> _Summary:
    """TensorRT 7's, a line a figure below ``Host Latency``."""
    said: dict[str, str] = {}
    for line in every[at + 1 : at + 9]:
        if own := _OWN_LINE.search(line.text):
            said.setdefault(own[1], own[2])
    return _Summary(every[at], said)


def _is_latency(text: str) -> bool:
    if not _LATENCY.search(text) or "Host Latency" in text or "the summation" in text:
        return False
    return not re.search(r"(H2D|D2H) Latency:", text)


def _anchors(at: Line, about: About, known: Setup, median: float, note: str) -> Anchors:
    model, dtype, batch = about.model or known.model, about.dtype or known.dtype, about.batch or known.batch
    refuse_other(about.batch, known.batch, at, "as the batch size", "--batch")
    missing = Missing()
    missing.need(model, at, "which model it is", "--model")
    missing.need(dtype, at, "the data type", "--dtype")
    missing.need(batch, at, "the batch size", "--batch")
    missing.ask()
    return Anchors(
        runtime="tensorrt",
        dtype=str(dtype),
        threads=1,
        unit="ms",
        source=about.source,
        date=about.date or known.date,
        kind="measured",
        values={str(model): median},
        version=about.version or known.version,
        statistic="median",
        batch=batch or 1,
        by=about.by,
        note=note,
    )


def _exported(file: str, text: str, about: About) -> Imported:
    times = []
    first = Line(file, 1, "")
    for line, found in entries(file, text):
        value = found.get("latencyMs")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise line.refuse("latencyMs is missing or no number", "as trtexec --exportTimes writes it")
        times.append(line.positive(value, "latencyMs"))
    if not times:
        raise first.refuse("there is no time in the file", "as trtexec --exportTimes writes it")
    device_fault(about, "gpu", "trtexec", first)
    return Imported((_of_times(first, about, times),))


def _of_times(first: Line, about: About, times: list[float]) -> Anchors:
    kept = times[:: -(-len(times) // KEPT_SAMPLES)]
    thinned = "" if len(kept) == len(times) else f"; {len(kept)} evenly spaced samples of {len(times)} are kept"
    note = f"trtexec --exportTimes, warm-up included, {_MEANS}{thinned}"
    anchors = _anchors(first, about, Setup(), statistics.median(times), note)
    model = next(iter(anchors.values))
    return replace(anchors, n=len(times), samples={model: tuple(kept)})
