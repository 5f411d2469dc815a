"""Logs of TensorRT's trtexec, and the times that it writes with ``--exportTimes``."""

from __future__ import annotations

import re
import statistics
from pathlib import PurePath

from msgspec.structs import replace

from harness.model.profile import Anchors
from harness.vendor.about import About, Imported, Line, device_fault, lines, needed, rounded
from harness.vendor.json_entries import entries

KEPT_SAMPLES = 500
"""A profile is a page of text: of more exported times evenly spaced ones are kept, and the note says so."""
_LATENCY = re.compile(r"(?<![\w-] )\bLatency:\s")
_NUMBER = r"([\d.eE+-]+) ms"
_FIGURES = re.compile(rf"Latency: min = {_NUMBER}, max = {_NUMBER}, mean = {_NUMBER}, median = {_NUMBER}")
_RUNNING = re.compile(r"&&&& RUNNING TensorRT\.trtexec \[TensorRT v(\d+)\](?: \[b\d+\])? # (.*)")
_QUERIES = re.compile(r"Timing trace has (\d+) queries")
_THROUGHPUT = re.compile(r"Throughput: ([\d.]+) qps")
_BINDING = re.compile(r"Input binding for .* (?:with|is) dimensions (\d+)x")
_MODEL = re.compile(r"--(?:onnx|loadEngine|uff|deploy)=(\S+)")
_BATCH = re.compile(r"--batch=(\d+)|--shapes=[^:\s]+:(\d+)x")
_PRECISIONS = (("--best", None), ("--int8", "int8"), ("--fp8", None), ("--bf16", "bfloat16"), ("--fp16", "float16"))
_MEANS = "copies to and from the GPU are in it"


def looks_like(text: str) -> bool:
    """Whether it names trtexec, has its summary or its exported times."""
    return "TensorRT.trtexec" in text or '"latencyMs"' in text or bool(_FIGURES.search(text))


def read(file: str, text: str, about: About) -> Imported:
    """One anchor: the median latency. Raises UserError that names the line."""
    exported = text.lstrip()[:1] == "[" and "{" in text[:200]
    return _exported(file, text, about) if exported else _log(file, text, about)


def _log(file: str, text: str, about: About) -> Imported:
    at = _summary(file, text)
    device_fault(about, "gpu", "trtexec", at)
    figures = _FIGURES.search(at.text)
    if not figures:
        raise at.refuse(
            "the latency cannot be read", "'Latency: min = 5.3 ms, max = 6.1 ms, mean = 5.9 ms, median = 6 ms'"
        )
    least, most, mean, median = (at.positive(value, "a latency") for value in figures.groups())
    if not least <= min(mean, median) <= max(mean, median) <= most:
        raise at.refuse("mean or median do not lie between min and max", "copy the line whole")
    queries, throughput = _QUERIES.search(text), _THROUGHPUT.search(text)
    said = f"; throughput {throughput[1]} queries/s" if throughput else ""
    anchors = _anchors(at, about, text, median, f"trtexec, {_MEANS}{said}")
    model = next(iter(anchors.values))
    spread = {model: rounded((most - least) / median)}
    return Imported((replace(anchors, n=int(queries[1]) if queries else None, spread=spread),))


def _summary(file: str, text: str) -> Line:
    """The line with the latencies. Raises UserError where the run failed, has not ended, or there are several."""
    found = []
    for line in lines(file, text):
        if "&&&& FAILED" in line.text:
            raise line.refuse("the run failed", "import the log of one that passed")
        if _LATENCY.search(line.text) and "Host Latency" not in line.text and "the summation" not in line.text:
            found += [line] if not re.search(r"(H2D|D2H) Latency:", line.text) else []
    if not found:
        last = Line(file, text.count("\n") + 1, "")
        raise last.refuse(
            "there is no line 'Latency: min = ...'", "the log of a whole run, or the file of --exportTimes"
        )
    if len(found) > 1:
        raise found[1].refuse(f"a second run begins after line {found[0].number}", "one file a run")
    return found[0]


def _anchors(at: Line, about: About, text: str, median: float, note: str) -> Anchors:
    running = _RUNNING.search(text)
    command = running[2] if running else ""
    named, batch = _MODEL.search(command), _BATCH.search(command) or _BINDING.search(text)
    model = about.model or (PurePath(named[1].replace("\\", "/")).stem if named else None)
    dtype = about.dtype or _precision(command)
    count = about.batch or (int(next(g for g in batch.groups() if g)) if batch else None)
    needed(model, at, "which model it is", "--model")
    needed(dtype, at, "the data type", "--dtype")
    needed(count, at, "the batch size", "--batch")
    return Anchors(
        runtime="tensorrt",
        dtype=str(dtype),
        threads=1,
        unit="ms",
        source=about.source,
        date=about.date,
        kind="measured",
        values={str(model): median},
        version=about.version or (_version(running[1]) if running else ""),
        statistic="median",
        batch=count or 1,
        by=about.by,
        note=note,
    )


def _precision(command: str) -> str | None:
    """As asked for on the command line; TensorRT may still choose a wider type layer by layer."""
    words = command.split()
    if not words or any(word.startswith("--loadEngine") for word in words):
        return None
    return next((dtype for word, dtype in _PRECISIONS if word in words), "float32")


def _version(digits: str) -> str:
    """``8601`` is 8.6.1, ``100200`` is 10.2.0."""
    number = int(digits)
    parts = (number // 10000, number // 100 % 100, number % 100) if number >= 100000 else _short(number)
    return ".".join(map(str, parts))


def _short(number: int) -> tuple[int, int, int]:
    return number // 1000, number // 100 % 10, number % 100


def _exported(file: str, text: str, about: About) -> Imported:
    times = []
    first = Line(file, 1, "")
    for line, found in entries(file, text):
        value = found.get("latencyMs")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise line.refuse("latencyMs is missing or no number", "as trtexec --exportTimes writes it")
        times.append(line.positive(str(value), "latencyMs"))
    if not times:
        raise first.refuse("there is no time in the file", "as trtexec --exportTimes writes it")
    device_fault(about, "gpu", "trtexec", first)
    return Imported((_of_times(first, about, times),))


def _of_times(first: Line, about: About, times: list[float]) -> Anchors:
    kept = times[:: -(-len(times) // KEPT_SAMPLES)]
    thinned = "" if len(kept) == len(times) else f"; {len(kept)} evenly spaced samples of {len(times)} are kept"
    note = f"trtexec --exportTimes, warm-up included, {_MEANS}{thinned}"
    anchors = _anchors(first, about, "", statistics.median(times), note)
    model = next(iter(anchors.values))
    return replace(anchors, n=len(times), samples={model: tuple(kept)})
