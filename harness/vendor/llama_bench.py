"""Results of llama.cpp's llama-bench: its Markdown table, and its JSON, JSON Lines and CSV."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

from harness.vendor.about import About, Imported, Line, lines
from harness.vendor.json_entries import entries
from harness.vendor.llama_rows import Row, gather

_FIELDS = ("model_type", "model_size", "backends", "n_threads", "n_prompt", "n_gen", "avg_ts")
_SIZE = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_RATE = re.compile(r"([\d.]+)\s*(?:±|\+/-|\+-)\s*([\d.]+)\Z|([\d.]+)\Z")
_BUILD = re.compile(r"build:\s*(\w+)\s*\((\d+)\)")
_TEST = re.compile(r"(pp|tg|pg)\s*([\d,+]+)(?:\s*@\s*d\s*(\d+))?\Z")
_COLUMNS = ("model", "size", "backend", "test", "t/s")


def looks_like(text: str) -> bool:
    """Whether it has the fields or the columns of llama-bench."""
    return ("model_type" in text and "avg_ts" in text) or bool(re.search(r"^\|\s*model\s.*\|\s*t/s\s*\|", text, re.M))


def read(file: str, text: str, about: About) -> Imported:
    """Decode rates as anchors. Raises UserError that names the line."""
    start = text.lstrip()[:1]
    if start and start in "[{":
        rows = [_of_fields(line, found) for line, found in entries(file, text)]
    elif "avg_ts" in (text.lstrip().split("\n") or [""])[0]:
        rows = list(_csv(file, text))
    else:
        rows = list(_table(file, text))
    if not rows:
        raise Line(file, 1, "").refuse("there is no result in the file", "a table, JSON or CSV of llama-bench")
    return gather(rows, about)


def _csv(file: str, text: str) -> Iterator[Row]:
    reader = csv.DictReader(StringIO(text))
    for found in reader:
        yield _of_fields(Line(file, reader.line_num, ""), dict(found))


def _of_fields(line: Line, found: dict[str, Any]) -> Row:
    missing = [name for name in _FIELDS if found.get(name) in (None, "")]
    if missing:
        raise line.refuse(f"{missing[0]} is missing", "as `llama-bench -o json` or `-o csv` writes it")
    rate = line.positive(str(found["avg_ts"]), "avg_ts")
    samples = found.get("samples_ts") or ()
    return Row(
        line=line,
        model=str(found.get("model_filename") or found["model_type"]),
        kind=str(found["model_type"]),
        weights=line.positive(str(found["model_size"]), "model_size"),
        backend=str(found["backends"]),
        threads=int(line.positive(str(found["n_threads"]), "n_threads")),
        test="tg" if str(found["n_prompt"]) == "0" else "pp" if str(found["n_gen"]) == "0" else "pg",
        depth=str(found.get("n_depth") or "0"),
        rate=rate,
        spread=_deviation(found.get("stddev_ts"), rate),
        samples=tuple(line.positive(str(value), "samples_ts") for value in samples),
        version=f"b{found['build_number']}" if found.get("build_number") else "",
        date=str(found.get("test_time") or "")[:10],
    )


def _deviation(value: Any, rate: float) -> float | None:
    try:
        spread = float(value) / rate
    except (TypeError, ValueError):
        return None
    return spread if math.isfinite(spread) and spread >= 0 else None


def _table(file: str, text: str) -> Iterator[Row]:
    columns: list[str] = []
    build = _BUILD.search(text)
    version = f"b{build[2]}" if build else ""
    for line in lines(file, text):
        cells = [cell.strip() for cell in line.text.strip().strip("|").split("|")]
        if not line.text.strip().startswith("|"):
            _reject_half_a_row(line)
        elif cells[0] == "model":
            columns = _columns(line, cells)
        elif set(line.text) - set("|-: "):
            yield _of_cells(line, columns, cells, version)


def _reject_half_a_row(line: Line) -> None:
    if " t/s" in line.text or "±" in line.text:
        raise line.refuse(f"{line.text.strip()[:60]!r} is not a row of the table", "a row begins with '|'")


def _columns(line: Line, cells: list[str]) -> list[str]:
    missing = [name for name in _COLUMNS if name not in cells]
    if missing:
        raise line.refuse(f"the table has no column {missing[0]!r}", "the table as llama-bench prints it")
    return cells


def _of_cells(line: Line, columns: list[str], cells: list[str], version: str) -> Row:
    if not columns:
        raise line.refuse("there is a row before the table's head", "keep the head: | model | size | ...")
    if len(cells) != len(columns):
        raise line.refuse(f"the row has {len(cells)} cells, the head {len(columns)}", "copy the row whole")
    found = dict(zip(columns, cells, strict=True))
    test = _TEST.match(found["test"])
    if not test:
        raise line.refuse(f"the test is {found['test'][:40]!r}", "pp512, tg128 or tg128 @ d512")
    rate, spread = _rate(line, found["t/s"])
    return Row(
        line=line,
        model=found["model"],
        kind=found["model"],
        weights=_size(line, found["size"]),
        backend=found["backend"],
        threads=int(line.positive(found["threads"], "threads")) if "threads" in found else None,
        test=test[1],
        depth=test[3] or "0",
        rate=rate,
        spread=spread,
        version=version,
    )


def _rate(line: Line, text: str) -> tuple[float, float | None]:
    match = _RATE.match(text)
    if not match:
        raise line.refuse(f"t/s is {text[:40]!r}", "a rate with its deviation: 132.19 ± 0.55")
    rate = line.positive(match[1] or match[3], "t/s")
    return rate, float(match[2]) / rate if match[2] else None


def _size(line: Line, text: str) -> float:
    number, _, unit = text.partition(" ")
    if unit not in _SIZE:
        raise line.refuse(f"the size is {text[:40]!r}", "a size with its unit: 3.56 GiB")
    return line.positive(number, "size") * _SIZE[unit]
