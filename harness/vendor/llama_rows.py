"""From results of llama-bench to anchors: which are decode rates, in what type, of how many bytes a token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from msgspec import Struct
from msgspec.structs import replace

from harness.model.profile import Anchors
from harness.vendor.about import About, Imported, Line, Missing, device_fault, refuse_other, rounded
from harness.vendor.llama_where import Where

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
    where: Where
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
    notes: list[str] = []
    kept = [row for row in rows if not _left_out(row, about, notes)]
    if not kept:
        why = f": {notes[0]}" if notes else ""
        raise rows[0].line.refuse(
            f"there is no decode rate in it{why}", "a test that generates alone: llama-bench -p 0 -n 128"
        )
    kept = _of_the_target(kept, about, notes)
    _ask(kept, about)
    groups: dict[tuple[object, ...], Anchors] = {}
    seen: dict[tuple[object, ...], Row] = {}
    for row in kept:
        own = _anchors(row, about)
        model = next(iter(own.values))
        configuration = (own.dtype, own.threads, own.version)
        _once(seen.setdefault((*configuration, model), row), row, model)
        key = (*configuration, own.date, own.note)
        groups[key] = _joined(groups[key], own) if key in groups else own
        notes += [row.where.taken] if row.where.taken else []
        if not own.bytes_per_token:
            notes.append(f"{model} has experts: how many bytes it reads a token is not known, and left out")
    return Imported(tuple(groups.values()), tuple(dict.fromkeys(notes)))


def _left_out(row: Row, about: About, notes: list[str]) -> bool:
    """Whether a result is no decode rate of one device; why goes into the notes."""
    if row.test != "tg":
        why: str | None = "rates of prompts are left out: only decoding is projected by bandwidth"
    elif row.depth != "0":
        why = "rates after a filled context are left out: they read the cache beside the weights"
    else:
        why = row.where.why_not(about)
    notes += [why] if why else []
    return why is not None


def _of_the_target(rows: Sequence[Row], about: About, notes: list[str]) -> list[Row]:
    """Those that ran on the target's kind of device. Raises UserError where there are none."""
    fitting = [row for row in rows if about.device in {None, row.where.device()}]
    if not fitting:
        device_fault(about, rows[0].where.device(), rows[0].where.words, rows[0].line)
    others = {row.where.device() for row in rows} - {row.where.device() for row in fitting}
    notes += [f"rates on the {device.upper()} are left out: the target is a {about.device}" for device in others]
    return fitting


def _ask(rows: Sequence[Row], about: About) -> None:
    """Raise UserError for all that neither the log nor the user says."""
    missing = Missing()
    for row in rows:
        if row.where.device() == "cpu":
            refuse_other(about.threads, row.threads, row.line, "threads", "--threads")
        told = row.where.layers_told(about)
        missing.need(told, row.line, f"whether all layers are on the GPU ({row.where.words})", "--layers")
        missing.need(_threads(row, about), row.line, "how many threads", "--threads")
        missing.need(about.dtype or _dtype(row), row.line, f"a data type that is known here ({row.kind})", "--dtype")
    missing.ask()


def _threads(row: Row, about: About) -> int | None:
    return 1 if row.where.device() == "gpu" else about.threads or row.threads


def _once(first: Row, row: Row, model: str) -> None:
    """Raise UserError where a model has a rate already in what counts as one configuration."""
    if first is row:
        return
    apart = [
        f"{name} {first.where.said.get(name, 'not said')} and {row.where.said.get(name, 'not said')}"
        for name in Where.SETTINGS
        if first.where.said.get(name) != row.where.said.get(name)
    ]
    differ = f", with {'; '.join(apart)}" if apart else ""
    raise row.line.refuse(f"{model} is there twice in one configuration{differ}", "keep one of them")


def _anchors(row: Row, about: About) -> Anchors:
    model = about.model or _slug(row.model)
    return Anchors(
        runtime="llama.cpp",
        dtype=about.dtype or _dtype(row) or "",
        threads=_threads(row, about) or 1,
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
        note=row.where.note,
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
