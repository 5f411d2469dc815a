"""Logs of ncnn's benchncnn: a head of settings, then a line a model with minimum, maximum and mean in ms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.model.profile import Anchors
from harness.vendor.about import About, Imported, Line, Missing, cut, device_fault, lines, once, refuse_other, rounded

HEADS = ("loop_count", "num_threads", "powersave", "gpu_device", "cooling_down")
_HEAD = re.compile(r"\s*(\w+)\s*=\s*(-?\d{1,9})\s*\Z")
_COMMAND = re.compile(r"\bbenchncnn(?:\.exe)?((?:\s+-?\d{1,9}){1,5})(?:\s|\Z)")
_ROW = re.compile(r"\s*(\S+)\s+min\s*=\s*(\S+)\s+max\s*=\s*(\S+)\s+avg\s*=\s*(\S+)\s*\Z")
_DEVICE = re.compile(r"\s*\[(\d{1,3}) (.*?)\]\s")
_ARITHMETIC = re.compile(r"\bfp16-p/s/a=\d/\d/(\d)|\bfp16a=(\d)")
_INT8 = re.compile(r"[-_]int8\Z")
_FENCE = re.compile(r"\s*`{3,}\w*\s*\Z")
_RIGHT = "a line is '  squeezenet  min =   11.66  max =   11.74  avg =   11.70'; cut away what is not benchncnn's"


@dataclass
class _Gpu:
    """As the head lists it: whether it computes in half precision is None where that is not printed."""

    name: str
    half: bool | None = None


@dataclass
class _Block:
    """One run of benchncnn."""

    head: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    """Data type -> model -> minimum and maximum."""
    from_command: bool = False
    """Whether the settings are those of a command, which the head then says again."""
    gpus: dict[int, _Gpu] = field(default_factory=dict)

    @property
    def on_gpu(self) -> bool:
        return self.head.get("gpu_device", -1) >= 0

    @property
    def gpu(self) -> _Gpu | None:
        """The one that was chosen, where it is listed."""
        return self.gpus.get(self.head.get("gpu_device", -1))


def looks_like(text: str) -> bool:
    """Whether some line is a model's."""
    return any(_ROW.match(line) for line in text.splitlines())


def read(file: str, text: str, about: About) -> Imported:
    """Anchors of minima, a group for each run and data type. Raises UserError that names the line."""
    blocks: list[_Block] = []
    notes: list[str] = []
    missing = Missing()
    gpus: dict[int, _Gpu] = {}
    for line in lines(file, text):
        if head := _HEAD.match(line.text):
            _take_head(blocks, line, head[1], int(head[2]))
        elif row := _ROW.match(line.text):
            blocks = blocks or [_Block()]
            blocks[-1].gpus = gpus
            notes += _take_row(blocks[-1], line, row, about, missing)
        else:
            _take_other(blocks, gpus, line)
    missing.ask()
    groups = tuple(group for block in blocks for group in _groups(block, about))
    if not groups:
        raise Line(file, 1, "").refuse("there is no model in the log", _RIGHT)
    return Imported(groups, tuple(dict.fromkeys(notes)))


def _take_head(blocks: list[_Block], line: Line, name: str, value: int) -> None:
    if name not in HEADS:
        raise line.refuse(f"benchncnn has no setting called {name[:40]!r}", "it has " + ", ".join(HEADS))
    if not blocks or blocks[-1].rows or (name in blocks[-1].head and not blocks[-1].from_command):
        blocks.append(_Block())
    blocks[-1].head[name] = value


def _take_other(blocks: list[_Block], gpus: dict[int, _Gpu], line: Line) -> None:
    """A command gives the settings in their order; a GPU's line its name. Raises UserError for any other line."""
    if command := _COMMAND.search(line.text):
        given = dict(zip(HEADS, map(int, command[1].split()), strict=False))
        blocks.append(_Block(head=given, from_command=True))
    elif device := _DEVICE.match(line.text):
        _take_gpu(gpus, line, device)
    elif line.text.strip() and "benchncnn" not in line.text and not _FENCE.match(line.text):
        raise line.refuse(f"{cut(line.text.strip())} is not a line of benchncnn", _RIGHT)


def _take_gpu(gpus: dict[int, _Gpu], line: Line, device: re.Match[str]) -> None:
    """Each stands on several lines, before the settings of every run that follows."""
    found = gpus.setdefault(int(device[1]), _Gpu(line.word(device[2], "the GPU")))
    if half := _ARITHMETIC.search(line.text):
        found.half = "1" in half.groups()


def _take_row(block: _Block, line: Line, row: re.Match[str], about: About, missing: Missing) -> list[str]:
    """Put a model's line into its block; what to say of one that is left out."""
    least, most = line.positive(row[2], "min"), line.positive(row[3], "max")
    mean = line.positive(row[4], "avg")
    model = line.word(row[1], "the model")
    if not least <= mean <= most:
        raise line.refuse(f"avg {mean:g} does not lie between min {least:g} and max {most:g}", "copy the line whole")
    _refuse_device(block, about, line)
    if block.on_gpu and _INT8.search(model):
        return ["int8 models of a run on the GPU are left out: ncnn computes them on the CPU"]
    threads = 1 if block.on_gpu else about.threads or block.head.get("num_threads") or None
    missing.need(threads, line, "how many threads", "--threads")
    dtype = "int8" if _INT8.search(model) else _dtype(about, block)
    missing.need(dtype, line, _WHICH_DTYPE, "--dtype")
    values = block.rows.setdefault(dtype or "", {})
    name = _usual(_INT8.sub("", model))
    once(name, values, line)
    values[name] = (least, most)
    return []


def _refuse_device(block: _Block, about: About, line: Line) -> None:
    """Raise UserError where it ran on something else than the target, or on a GPU that there is not."""
    device = block.head.get("gpu_device", -1)
    device_fault(about, "gpu" if block.on_gpu else "cpu", f"gpu_device = {device}", line)
    if block.on_gpu and block.gpus and block.gpu is None:
        what = f"gpu_device is {device}, and the log lists {', '.join(map(str, block.gpus))}: it ran on the CPU"
        raise line.refuse(what, "import a run on a GPU that is listed")
    if not block.on_gpu:
        refuse_other(about.threads, block.head.get("num_threads") or None, line, "threads", "--threads")


_WHICH_DTYPE = (
    "the data type, nor does the profile (float16 where the core computes in it, ARMv8.2 and later, else float32)"
)


def _dtype(about: About, block: _Block) -> str | None:
    """Half precision is benchncnn's default where the core, or the GPU by what it lists, computes in it."""
    if about.dtype is None and block.on_gpu and block.gpu is not None and block.gpu.half is not None:
        return "float16" if block.gpu.half else "float32"
    if about.dtype or not about.dtypes:
        return about.dtype
    return "float16" if "float16" in about.dtypes else "float32"


def _usual(model: str) -> str:
    """The model as the table of known models spells it: older logs write ``mobilenet-ssd``."""
    from harness.projection.work import known_models

    other = model.replace("-", "_")
    return other if model not in known_models() and other in known_models() else model


def _groups(block: _Block, about: About) -> list[Anchors]:
    told = [f"{name}={value}" for name, value in block.head.items() if name in {"powersave", "cooling_down"}]
    told += [f"on {block.gpu.name}"] if block.gpu else []
    return [
        Anchors(
            runtime="ncnn",
            dtype=dtype,
            threads=1 if block.on_gpu else about.threads or block.head.get("num_threads", 1),
            unit="ms",
            source=about.source,
            date=about.date,
            kind="measured",
            values={model: least for model, (least, _) in rows.items()},
            version=about.version or "",
            statistic="minimum",
            by=about.by,
            n=max(block.head.get("loop_count", 0), 0) or None,
            spread={model: rounded((most - least) / least) for model, (least, most) in rows.items()},
            note=" ".join(("benchncnn", *told)),
        )
        for dtype, rows in block.rows.items()
    ]
