"""From results of llama-bench to anchors: which are decode rates, in what type, of how many bytes a token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from harness.model.profile import Anchors
from harness.vendor.about import About, Imported, Line, device_fault, needed, once, rounded

_CPU = {"cpu", "blas", "accelerate", "cpu,blas", "blas,cpu"}
_WIDTHS = (
    (r"mxfp4|nvfp4|iq4|q4", "int4"),
    (r"q8", "int8"),
    (r"\bbf16\b", "bfloat16"),
    (r"\bf16\b", "float16"),
    (r"\b(?:all )?f32\b", "float32"),
)
_SOME_WEIGHTS = re.compile(r"moe|\d+x\d+(\.\d+)?b|\ba\d+(\.\d+)?b\b", re.I)
"""A mixture of experts reads a part of its weights for a token."""


class Row(Struct, frozen=True):
    """One result. ``weights`` in bytes, ``rate`` in tokens/s, ``spread`` as a fraction of it."""

    line: Line
    model: str
    kind: str
    weights: float
    backend: str
    threads: int | None
    test: str
    """``pp``: prompt, ``tg``: generation, ``pg``: both."""
    depth: str
    rate: float
    spread: float | None
    samples: tuple[float, ...] = ()
    version: str = ""
    date: str = ""


def gather(rows: Sequence[Row], about: About) -> Imported:
    """A group for each data type, number of threads and version. Raises UserError that names the line."""
    groups: dict[tuple[object, ...], Anchors] = {}
    notes: list[str] = []
    for row in rows:
        if row.test != "tg" or row.depth != "0":
            notes.append(_left_out(row))
            continue
        own = _anchors(row, about)
        key = (own.dtype, own.threads, own.version, own.date)
        model = next(iter(own.values))
        if key in groups:
            once(model, groups[key].values, row.line)
        groups[key] = _joined(groups[key], own) if key in groups else own
        if not own.bytes_per_token:
            notes.append(f"{model} has experts: how many bytes it reads a token is not known, and left out")
    if not groups:
        raise rows[0].line.refuse(
            "there is no decode rate in it", "a test that generates alone: llama-bench -p 0 -n 128"
        )
    return Imported(tuple(groups.values()), tuple(dict.fromkeys(notes)))


def _left_out(row: Row) -> str:
    if row.test != "tg":
        return "rates of prompts are left out: only decoding is projected by bandwidth"
    return "rates after a filled context are left out: they read the cache beside the weights"


def _anchors(row: Row, about: About) -> Anchors:
    on_gpu: Literal["cpu", "gpu"] = "cpu" if row.backend.lower().replace(" ", "") in _CPU else "gpu"
    device_fault(about, on_gpu, f"the backend is {row.backend}", row.line)
    threads = 1 if on_gpu == "gpu" else about.threads or row.threads
    needed(threads, row.line, "how many threads", "--threads")
    dtype = about.dtype or _dtype(row)
    needed(dtype, row.line, f"a data type that is known here ({row.kind})", "--dtype int4 or int8")
    model = about.model or _slug(row.model)
    return Anchors(
        runtime="llama.cpp",
        dtype=str(dtype),
        threads=threads or 1,
        unit="token/s",
        source=about.source,
        date=about.date or row.date,
        kind="measured",
        values={model: row.rate},
        metric="decode_rate",
        version=about.version or row.version,
        statistic="mean",
        by=about.by,
        n=len(row.samples) or None,
        spread={} if row.spread is None else {model: rounded(row.spread)},
        samples={model: row.samples} if row.samples else {},
        bytes_per_token={} if _SOME_WEIGHTS.search(f"{row.kind} {row.model}") else {model: row.weights},
        note="llama-bench" if row.backend.upper() == "CPU" else f"llama-bench, backend {row.backend}",
    )


def _joined(a: Anchors, b: Anchors) -> Anchors:
    return replace(
        a,
        values={**a.values, **b.values},
        n=a.n if a.n == b.n else None,
        spread={**a.spread, **b.spread},
        samples={**a.samples, **b.samples},
        bytes_per_token={**a.bytes_per_token, **b.bytes_per_token},
    )


def _dtype(row: Row) -> str | None:
    """Of the weights, by the name of their quantisation; None for one that no data type stands for."""
    text = f"{row.kind} {PurePath(row.model).stem}".lower().replace("_", " ")
    return next((dtype for pattern, dtype in _WIDTHS if re.search(pattern, text)), None)


def _slug(model: str) -> str:
    """``llama 7B mostly Q4_0`` and ``models/Llama-7B-Q4_0.gguf`` as ``llama-7b-q4_0``."""
    name = model.replace("\\", "/").split("/")[-1].removesuffix(".gguf").lower().replace("mostly ", "")
    name = re.sub(r"\s+-\s+(small|medium|large)", lambda m: f"_{m[1][0]}", name)
    return re.sub(r"[^a-z0-9._]+", "-", name).strip("-")
