"""What a log of trtexec says of the run beside its times: command line, options, device, version, date."""

from __future__ import annotations

import re
from datetime import date
from pathlib import PurePath

from msgspec import Struct

from harness.vendor.about import MOST_LETTERS, Line, cut, lines

_RUNNING = re.compile(r"&&&& RUNNING TensorRT\.trtexec(?: \[TensorRT v(\d{4,6})\])?(?: \[b\d+\])? # (.*)")
_COMMAND = re.compile(r"""\btrtexec(?:\.exe)?["']?\s+(--.*)""")
_VERSION = re.compile(r"TensorRT version: (\d{1,3}(?:\.\d{1,3}){1,3})")
_STAMP = re.compile(r"\[(\d\d)/(\d\d)/(\d{4})-\d\d:\d\d:\d\d\]")
_OPTION = re.compile(r"""--(\w+)(?:=((?:"[^"]*"|'[^']*'|\S)+))?""")
_NAMES = "Model|Load engine|Precision|Strongly Typed|Batch|Selected Device|DLACore|Streams|Data transfers"
_SAID = re.compile(rf"(?:\]|^)[ \t]*({_NAMES}|Sparsity|CUDA Graph):[ \t]+(\S.*)", re.MULTILINE)
_WARNED = re.compile(r"\[W\] \* (\S.*)")
_DIMENSIONS = (
    re.compile(r"Input inference shapes?\s*:\s*\S+?[=:](\d{1,6})x([\dx]*)"),
    re.compile(r"[Ii]nput binding for \S+ (?:with|is) dimensions (\d{1,6})x([\dx]*)"),
)
_SHAPE = re.compile(r"(?:\A|[:,])(\d{1,6})x")
_PRECISIONS = (("fp8", None), ("int8", "int8"), ("bf16", "bfloat16"), ("fp16", "float16"))
_IN_NAME = re.compile(r"[^A-Za-z0-9](fp16|half|bf16|int8|fp32)\Z", re.IGNORECASE)
_NAMED = {"fp16": "float16", "half": "float16", "bf16": "bfloat16", "int8": "int8", "fp32": "float32"}
_NOTED = ("useCudaGraph", "useSpinWait", "useManagedMemory", "sparsity", "noTF32", "dumpProfile", "exportProfile")
_SEVERAL = ("streams", "infStreams")


class Setup(Struct, frozen=True):
    """What is known of a run; None or empty where the log does not say it."""

    model: str | None = None
    dtype: str | None = None
    batch: int | None = None
    version: str = ""
    date: str = ""
    without_copies: bool = False
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """trtexec's own, on how much its times are worth."""


def setup(file: str, text: str) -> Setup:
    """Of a whole log. Raises UserError for a run on something else than the GPU, or of several queries at once."""
    running = _RUNNING.search(text)
    bare = None if running else _COMMAND.search(text)
    options = _options(running[2] if running else bare[1] if bare else "")
    said: dict[str, str] = {}
    for name, value in _SAID.findall(text):
        said.setdefault(name, value.strip())
    _refuse_others(_line_of(file, text, "trtexec"), options, said)
    told = _VERSION.search(text)
    version = _version(running[1]) if running and running[1] else told[1] if told else ""
    return Setup(
        model=_model(options, said),
        dtype=_dtype(options, said),
        batch=_batch(options, said, text),
        version=version,
        date=_date(text),
        without_copies="noDataTransfers" in options or said.get("Data transfers") == "Disabled",
        notes=(*_notes(options, said), *_inputs(text)),
        warnings=tuple(w.strip() for w in _WARNED.findall(text) if w.isprintable()),
    )


def _options(command: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _OPTION.findall(command):
        found.setdefault(name, re.sub(r"[\"']", "", value))
    return found


def _line_of(file: str, text: str, word: str) -> Line:
    return next((line for line in lines(file, text) if word in line.text), Line(file, 1, ""))


def _refuse_others(line: Line, options: dict[str, str], said: dict[str, str]) -> None:
    if "useDLACore" in options or said.get("DLACore", "").isdigit():
        raise line.refuse("the run was on a DLA core, which no target stands for", "import a run on the GPU")
    streams = next((options[name] for name in _SEVERAL if options.get(name)), said.get("Streams", "1"))
    if streams != "1":
        what = f"streams = {cut(streams)}: several queries ran at once, and each took longer"
        raise line.refuse(what, "import a run with one stream")


def _model(options: dict[str, str], said: dict[str, str]) -> str | None:
    """The file's name without its ending; of an engine also without the precision at its end."""
    engine = options.get("loadEngine") or said.get("Load engine")
    given = options.get("onnx") or options.get("uff") or options.get("model") or options.get("deploy")
    path = given or engine or said.get("Model")
    name = PurePath(path.replace("\\", "/")).stem if path else ""
    if not given and engine:
        name = _IN_NAME.sub("", name)
    return name if name and name.isprintable() and len(name) <= MOST_LETTERS else None


def _dtype(options: dict[str, str], said: dict[str, str]) -> str | None:
    """As asked for when the engine was built; TensorRT may still choose a wider type layer by layer."""
    engine = options.get("loadEngine") or ("" if "onnx" in options else said.get("Load engine"))
    if engine:
        named = _IN_NAME.search(PurePath(engine.replace("\\", "/")).stem)
        return _NAMED[named[1].lower()] if named else None
    typed = "stronglyTyped" in options or said.get("Strongly Typed", "").lower() == "enabled"
    if typed or "best" in options or "fp8" in options or not (options or "Precision" in said):
        return None
    asked = {*options, *said.get("Precision", "").lower().replace("+", " ").split()}
    return next((dtype for name, dtype in _PRECISIONS if name in asked), "float32")


def _batch(options: dict[str, str], said: dict[str, str], text: str) -> int | None:
    """As asked for; else the first dimension of an input of several, but for networks whose batch is no dimension."""
    shape = _SHAPE.search(options.get("shapes", ""))
    if shape or "batch" in options:
        return _count(shape[1] if shape else options["batch"])
    if "deploy" in options or "uff" in options:
        return _count(said.get("Batch", "1"))
    bound = next((found for pattern in _DIMENSIONS if (found := pattern.search(text))), None)
    channels_first = bound is not None and "onnx" not in options and bound[1] == "3" and bound[2].count("x") == 1
    return _count(bound[1]) if bound and not channels_first else None


def _inputs(text: str) -> list[str]:
    """The dimensions of the first input, in words."""
    bound = next((found for pattern in _DIMENSIONS if (found := pattern.search(text))), None)
    return [f"input {bound[1]}x{bound[2]}"] if bound and len(bound[2]) < 40 else []


def _count(digits: str) -> int | None:
    return int(digits) if digits.isdecimal() and len(digits) < 7 and 0 < int(digits) <= 65536 else None


def _date(text: str) -> str:
    for month, day, year in _STAMP.findall(text):
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue
    return ""


def _notes(options: dict[str, str], said: dict[str, str]) -> list[str]:
    device = said.get("Selected Device", "")
    options = {name: value for name, value in options.items() if value.lower() not in {"0", "disable"}}
    if said.get("Sparsity", "Disabled") != "Disabled":
        options.setdefault("sparsity", said["Sparsity"].lower())
    if said.get("CUDA Graph") == "Enabled":
        options.setdefault("useCudaGraph", "")
    notes = [f"--{name}={options[name]}" if options[name] else f"--{name}" for name in _NOTED if name in options]
    return [note for note in [*notes, *([f"on {device}"] if device else [])] if note.isprintable() and len(note) < 120]


def _version(digits: str) -> str:
    """``8601`` is 8.6.1, ``100200`` is 10.2.0."""
    number = int(digits)
    parts = (number // 10000, number // 100 % 100, number % 100) if number >= 100000 else _short(number)
    return ".".join(map(str, parts))


def _short(number: int) -> tuple[int, int, int]:
    return number // 1000, number // 100 % 10, number % 100
