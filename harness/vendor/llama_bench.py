"""Results of llama.cpp's llama-bench: its Markdown table, and its JSON, JSON Lines, CSV and SQL."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

from harness.vendor.about import MOST_LETTERS, About, Imported, Line, cut, day, lines
from harness.vendor.json_entries import entries
from harness.vendor.llama_rows import Row, gather
from harness.vendor.llama_where import Where

_FIELDS = ("model_type", "model_size", "n_prompt", "n_gen", "avg_ts")
_SIZE = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_RATE = re.compile(r"([\d.]+)\s*(?:±|\+/-|\+-)\s*([\d.]+)\Z|([\d.]+)\Z")
_BUILD = re.compile(r"build:\s*(\w+)\s*\((\d+)\)")
_TEST = re.compile(r"(pp|tg|pg)\s*([\d,+]+)(\+\s*tg\s*\d+)?(?:\s*@\s*d\s*(\d+))?\Z")
_COLUMNS = ("model", "size", "backend", "test", "t/s")
_NAMES = {
    "ngl": "n_gpu_layers", "dev": "devices", "nkvo": "no_kv_offload", "ncmoe": "n_cpu_moe",
    "ot": "tensor_buft_overrides", "sm": "split_mode", "ts": "tensor_split", "fa": "flash_attn", "embd": "embeddings",
    "backend": "backends",
}  # fmt: skip
"""Columns of the table that are called otherwise in the other formats."""
_JSON = re.compile(r"^\s*(?:\[\s*$|\[?\s*\{)", re.MULTILINE)
_INSERT = re.compile(r"INSERT INTO \w+ \(([^()]*)\) VALUES \((.*)\);\s*$")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_FOUND = re.compile(r"\bfound (\d{1,3}) \w+ devices", re.IGNORECASE)
_OLD_BACKENDS = ("cuda", "vulkan", "kompute", "metal", "sycl", "rpc", "opencl", "gpu_blas", "blas")
"""Before there was one field for it, each had its own."""


def looks_like(text: str) -> bool:
    """Whether it has the fields or the columns of llama-bench."""
    return ("model_type" in text and "avg_ts" in text) or bool(re.search(r"^\|\s*model\s.*\|\s*t/s\s*\|", text, re.M))


def read(file: str, text: str, about: About) -> Imported:
    """Decode rates as anchors. Raises UserError that names the line."""
    rows = list(_rows(file, text))
    if not rows:
        raise Line(file, 1, "").refuse("there is no result in the file", "a table, JSON, CSV or SQL of llama-bench")
    return gather(rows, about)


def _rows(file: str, text: str) -> Iterator[Row]:
    """In whichever format it is; what was printed before a result is passed over."""
    if "INSERT INTO" in text:
        return _sql(file, text)
    head = next((n for n, line in enumerate(text.split("\n")) if "avg_ts" in line and "model_type" in line), None)
    first = _JSON.search(text)
    if text.lstrip().startswith(("[", "{")) or (first and "model_type" in text):
        at = first.start() if first else 0
        after = "\n" * text.count("\n", 0, at) + text[at:]
        return (_of_fields(line, found) for line, found in entries(file, after))
    if head is not None and not text.split("\n")[head].lstrip().startswith("|"):
        return _csv(file, text, head)
    return _table(file, text)


def _csv(file: str, text: str, head: int) -> Iterator[Row]:
    reader = csv.DictReader(StringIO("\n".join(text.split("\n")[head:])))
    try:
        for found in reader:
            line = Line(file, head + reader.line_num, "")
            if None in found or None in found.values():
                raise line.refuse("the row has more or fewer cells than the head", "copy the row whole")
            yield _of_fields(line, dict(found))
    except csv.Error as error:
        raise Line(file, head + reader.line_num + 1, "").refuse(f"not CSV: {error}", "copy the file whole") from None


def _sql(file: str, text: str) -> Iterator[Row]:
    for line in lines(file, text):
        if not line.text.lstrip().startswith("INSERT INTO"):
            continue
        found = _INSERT.match(line.text.strip())
        names = [name.strip() for name in found[1].split(",")] if found else []
        values = [value.replace("''", "'") for value in _QUOTED.findall(found[2])] if found else []
        if not names or len(names) != len(values):
            raise line.refuse("the row cannot be read", "INSERT INTO llama_bench (...) VALUES ('...'); on one line")
        yield _of_fields(line, dict(zip(names, values, strict=True)))


def _of_fields(line: Line, found: dict[str, Any]) -> Row:
    missing = [name for name in _FIELDS if found.get(name) in (None, "")]
    if missing:
        raise line.refuse(f"{missing[0]} is missing", "as `llama-bench -o json`, `-o csv` or `-o sql` writes it")
    rate = line.positive(found["avg_ts"], "avg_ts")
    depth = found.get("n_depth")
    return Row(
        line=line,
        model=line.word(_file_name(found), "the model"),
        kind=line.word(found["model_type"], "model_type"),
        weights=line.positive(found["model_size"], "model_size"),
        where=_where(line, found),
        threads=line.count(found["n_threads"], "n_threads") if found.get("n_threads") not in (None, "") else None,
        test="tg" if str(found["n_prompt"]) == "0" else "pp" if str(found["n_gen"]) == "0" else "pg",
        depth="0" if depth in (None, "") else str(depth)[:20],
        rate=rate,
        spread=_deviation(found.get("stddev_ts"), rate),
        samples=_samples(line, found.get("samples_ts")),
        version=f"b{line.count(found['build_number'], 'build_number')}" if _build(found) else "",
        date=day(found.get("test_time")),
    )


def _file_name(found: dict[str, Any]) -> str:
    return str(found.get("model_filename") or found["model_type"]).replace("\\", "/").split("/")[-1]


def _build(found: dict[str, Any]) -> bool:
    return found.get("build_number") not in (None, "", 0, "0")


def _samples(line: Line, values: Any) -> tuple[float, ...]:
    if values in (None, ""):
        return ()
    if not isinstance(values, list):
        raise line.refuse(f"samples_ts is {cut(values)}", "a list of rates")
    return tuple(line.positive(value, "samples_ts") for value in values)


def _where(line: Line, found: dict[str, Any]) -> Where:
    told = {
        name: line.word(str(found[name])[:MOST_LETTERS], name)
        for name in Where.SETTINGS
        if found.get(name) not in (None, "")
    }
    if "backends" not in told:
        told["backends"] = ",".join(n for n in _OLD_BACKENDS if str(found.get(n)).lower() in {"1", "true"}) or "CPU"
    return Where(line, told)


def _deviation(value: Any, rate: float) -> float | None:
    try:
        spread = float(value) / rate
    except (TypeError, ValueError, OverflowError):
        return None
    return spread if math.isfinite(spread) and spread >= 0 else None


def _table(file: str, text: str) -> Iterator[Row]:
    columns: list[str] = []
    build, gpus = _BUILD.search(text), _FOUND.search(text)
    version = f"b{build[2][:12]}" if build else ""
    for line in lines(file, text):
        cells = [cell.strip() for cell in line.text.strip().strip("|").split("|")]
        if not line.text.strip().startswith("|"):
            _reject_half_a_row(line)
        elif cells[0] == "model":
            columns = _columns(line, cells)
        elif set(line.text) - set("|-: "):
            yield _of_cells(line, columns, cells, version, gpus[1] if gpus else "")


def _reject_half_a_row(line: Line) -> None:
    if " t/s" in line.text or "±" in line.text:
        raise line.refuse(f"{cut(line.text.strip())} is not a row of the table", "a row begins with '|'")


def _columns(line: Line, cells: list[str]) -> list[str]:
    missing = [name for name in _COLUMNS if name not in cells]
    if missing:
        raise line.refuse(f"the table has no column {missing[0]!r}", "the table as llama-bench prints it")
    return cells


def _of_cells(line: Line, columns: list[str], cells: list[str], version: str, gpus: str) -> Row:
    if not columns:
        raise line.refuse("there is a row before the table's head", "keep the head: | model | size | ...")
    if len(cells) != len(columns):
        raise line.refuse(f"the row has {len(cells)} cells, the head {len(columns)}", "copy the row whole")
    found = dict(zip(columns, cells, strict=True))
    test = _TEST.match(found["test"])
    if not test:
        raise line.refuse(f"the test is {cut(found['test'])}", "pp512, tg128 or tg128 @ d512")
    rate, spread = _rate(line, found["t/s"])
    settings: dict[str, Any] = {_NAMES.get(name, name): value for name, value in found.items()}
    if gpus:
        settings["gpus"] = gpus
    return Row(
        line=line,
        model=line.word(found["model"], "the model"),
        kind=line.word(found["model"], "the model"),
        weights=_size(line, found["size"]),
        where=_where(line, settings),
        threads=line.count(found["threads"], "threads") if "threads" in found else None,
        test="pg" if test[3] else test[1],
        depth=test[4] or "0",
        rate=rate,
        spread=spread,
        version=version,
    )


def _rate(line: Line, text: str) -> tuple[float, float | None]:
    match = _RATE.match(text)
    if not match:
        raise line.refuse(f"t/s is {cut(text)}", "a rate with its deviation: 132.19 ± 0.55")
    rate = line.positive(match[1] or match[3], "t/s")
    return rate, _deviation(match[2], rate)


def _size(line: Line, text: str) -> float:
    number, _, unit = text.partition(" ")
    if unit not in _SIZE:
        raise line.refuse(f"the size is {cut(text)}", "a size with its unit: 3.56 GiB")
    return line.positive(line.positive(number, "size") * _SIZE[unit], "size")
