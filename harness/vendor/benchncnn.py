"""Logs of ncnn's benchncnn: a head of settings, then a line a model with minimum, maximum and mean in ms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.model.profile import Anchors
from harness.vendor.about import About, Imported, Line, device_fault, lines, once, rounded

HEADS = ("loop_count", "num_threads", "powersave", "gpu_device", "cooling_down")
_HEAD = re.compile(r"\s*(\w+)\s*=\s*(-?\d+)\s*\Z")
_ROW = re.compile(r"\s*(\S+)\s+min\s*=\s*(\S+)\s+max\s*=\s*(\S+)\s+avg\s*=\s*(\S+)\s*\Z")
_DEVICE = re.compile(r"\s*\[\d+ .*\]\s")
_INT8 = "_int8"
_RIGHT = "a line is '  squeezenet  min =   11.66  max =   11.74  avg =   11.70'; cut away what is not benchncnn's"


@dataclass
class _Block:
    """One run of benchncnn."""

    head: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    """Data type -> model -> minimum and maximum."""


def looks_like(text: str) -> bool:
    """Whether some line is a model's."""
    return any(_ROW.match(line) for line in text.splitlines())


def read(file: str, text: str, about: About) -> Imported:
    """Anchors of minima, a group for each run and data type. Raises UserError that names the line."""
    blocks: list[_Block] = []
    notes: list[str] = []
    for line in lines(file, text):
        head = _HEAD.match(line.text)
        if head:
            _take_head(blocks, line, head[1], int(head[2]))
        elif row := _ROW.match(line.text):
            notes += _take_row(blocks, line, row, about)
        elif line.text.strip() and "benchncnn" not in line.text and not _DEVICE.match(line.text):
            raise line.refuse(f"{line.text.strip()[:60]!r} is not a line of benchncnn", _RIGHT)
    groups = tuple(group for block in blocks for group in _groups(block, about))
    if not groups:
        raise Line(file, 1, "").refuse("there is no model in the log", _RIGHT)
    return Imported(groups, tuple(dict.fromkeys(notes)))


def _take_head(blocks: list[_Block], line: Line, name: str, value: int) -> None:
    if name not in HEADS:
        raise line.refuse(f"benchncnn has no setting called {name[:40]!r}", "it has " + ", ".join(HEADS))
    if not blocks or blocks[-1].rows or name in blocks[-1].head:
        blocks.append(_Block())
    blocks[-1].head[name] = value


def _take_row(blocks: list[_Block], line: Line, row: re.Match[str], about: About) -> list[str]:
    """Put a model's line into its block; what to say of one that is left out."""
    if not blocks:
        blocks.append(_Block())
    block = blocks[-1]
    model, least, most = row[1], line.positive(row[2], "min"), line.positive(row[3], "max")
    mean = line.positive(row[4], "avg")
    if not least <= mean <= most:
        raise line.refuse(f"avg {mean:g} does not lie between min {least:g} and max {most:g}", "copy the line whole")
    on_gpu = block.head.get("gpu_device", -1) >= 0
    device_fault(about, "gpu" if on_gpu else "cpu", f"gpu_device = {block.head.get('gpu_device', -1)}", line)
    if on_gpu and model.endswith(_INT8):
        return ["int8 models of a run on the GPU are left out: ncnn computes them on the CPU"]
    if not on_gpu and not (about.threads or block.head.get("num_threads")):
        raise line.refuse("the log does not say how many threads", "keep its head, or give --threads")
    dtype = "int8" if model.endswith(_INT8) else _dtype(line, about)
    values = block.rows.setdefault(dtype, {})
    name = _usual(model.removesuffix(_INT8))
    once(name, values, line)
    values[name] = (least, most)
    return []


def _dtype(line: Line, about: About) -> str:
    """Half precision is benchncnn's default where the core computes in it."""
    if about.dtype:
        return about.dtype
    if not about.dtypes:
        hint = "give --dtype float16 where the core computes in it (ARMv8.2 and later), else --dtype float32"
        raise line.refuse("neither the log nor the profile says the data type", hint)
    return "float16" if "float16" in about.dtypes else "float32"


def _usual(model: str) -> str:
    """The model as the table of known models spells it: older logs write ``mobilenet-ssd``."""
    from harness.projection.work import known_models

    other = model.replace("-", "_")
    return other if model not in known_models() and other in known_models() else model


def _groups(block: _Block, about: About) -> list[Anchors]:
    on_gpu = block.head.get("gpu_device", -1) >= 0
    told = {name: value for name, value in block.head.items() if name in {"powersave", "cooling_down"}}
    return [
        Anchors(
            runtime="ncnn",
            dtype=dtype,
            threads=1 if on_gpu else about.threads or block.head["num_threads"],
            unit="ms",
            source=about.source,
            date=about.date,
            kind="measured",
            values={model: least for model, (least, _) in rows.items()},
            version=about.version or "",
            statistic="minimum",
            by=about.by,
            n=block.head.get("loop_count"),
            spread={model: rounded((most - least) / least) for model, (least, most) in rows.items()},
            note=" ".join(("benchncnn", *(f"{name}={value}" for name, value in told.items()))),
        )
        for dtype, rows in block.rows.items()
    ]
