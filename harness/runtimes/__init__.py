"""Runtimes: each turns a workload's Model into the callable that its driver steps. A module a runtime.

Third parties add one through the entry-point group ``tierbench.runtimes``: a name and a factory without arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from harness import plugins
from harness.errors import UnknownName, UserError
from harness.model.workload import Model, Place

GROUP = plugins.RUNTIMES

_BUILT_IN = {
    "torch-eager": ("harness.runtimes.torch_eager", "TorchEager"),
    "torch-compile": ("harness.runtimes.torch_compile", "TorchCompile"),
    "python": ("harness.runtimes.python", "Python"),
    "onnxruntime": ("harness.runtimes.onnx_runtime", "OnnxRuntime"),
    "openvino": ("harness.runtimes.openvino", "OpenVino"),
    "executorch": ("harness.runtimes.executorch", "ExecuTorch"),
    "ncnn": ("harness.runtimes.ncnn", "Ncnn"),
}


Shape = tuple[int, ...]


class NotSupported(RuntimeError):  # noqa: N818 - it names what is the case
    """Raised by ``prepare`` or ``load``: the runtime cannot run this model at all. The outcome is ``unsupported``."""


class WrongOutput(UserError):  # noqa: N818 - it names what happened
    """Raised by ``prepare``: the output differs from PyTorch eager's. The work fails, and nothing of it is timed."""


@dataclass(frozen=True)
class Part:
    """A node or layer of a converted model as the runtime ran it once, with the shapes it had."""

    name: str
    kind: str
    seconds: float
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    read_bytes: int
    """Of activations."""
    written_bytes: int
    weight_bytes: int | None = None
    """None where the runtime does not say."""


@dataclass(frozen=True)
class Conversion:
    """What converting or compiling a model cost, once, and how far its output is from PyTorch eager's."""

    seconds: float
    file_bytes: int
    difference: float
    """The largest, relative to eager's largest output."""


@dataclass(frozen=True)
class Loaded:
    """A model ready to be stepped. ``synchronise`` waits for the device; ``weight_bytes`` None where unknown."""

    call: Callable[..., Any]
    inputs: tuple[Any, ...]
    synchronise: Callable[[], None] | None = None
    weight_bytes: int | None = None
    facts: dict[str, str] = field(default_factory=dict)
    graph: Path | None = None
    """The converted model's file, where there is one."""
    parts: Callable[[int], list[list[Part]]] | None = None
    """Calls the model so many times with ``inputs``, and says for each time in what parts and how long they took."""
    conversion: Conversion | None = None
    """None where nothing was converted."""


class Runtime(Protocol):
    """What a runtime must offer. Its module imports nothing heavy; heavy imports happen in ``prepare`` and ``load``."""

    id: str
    imports: tuple[str, ...]
    """Modules that ``load`` needs, imported in the import stage."""
    builds_in_trial: bool
    """True where ``load`` calls ``build``; False where it reads only what ``prepare`` left behind."""

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why this runtime cannot run on ``cpu`` or ``gpu`` in ``dtype`` here; None where it can. Imports nothing."""

    def version(self) -> str:
        """Version of the library, without importing it."""

    def prepare(self, build: Callable[[], Model], place: Place, artefacts: Path) -> None:
        """Before any measuring, in a process of its own: convert, check the output against eager, fill caches."""

    def load(self, build: Callable[[], Model], place: Place, artefacts: Path) -> Loaded:
        """In the trial: make the callable."""


@runtime_checkable
class Reducing(Protocol):
    """What a runtime adds that makes a data type itself, of a model that is built in another one."""

    made_of: Mapping[str, str]
    """``{"int8": "float32"}``: int8 is made of a model in float32."""


def build_dtype(runtime: Runtime, dtype: str) -> str:
    """The data type in which a workload is built to run in ``dtype``."""
    return made_of(runtime).get(dtype, dtype)


def made_of(runtime: Runtime) -> dict[str, str]:
    """Data types that a runtime makes itself, and the one that a workload is then built in."""
    return dict(runtime.made_of) if isinstance(runtime, Reducing) else {}


def known() -> list[str]:
    """Ids of all runtimes, built in and installed."""
    return sorted({*_BUILT_IN, *(e.name for e in plugins.entries(GROUP))})


def plugin_versions() -> dict[str, str]:
    """Versions of what packages of others run, by id: what they prepared with another one is worthless."""
    return {f"runtime {entry.name}": entry.version for entry in plugins.entries(GROUP) if entry.version}


def get(runtime_id: str) -> Runtime:
    """The runtime of that id. Raises UnknownName."""
    if runtime_id in _BUILT_IN:
        module, name = _BUILT_IN[runtime_id]
        made: Runtime = getattr(import_module(module), name)()
        return made
    for entry in plugins.entries(GROUP):
        if entry.name == runtime_id:
            plugin: Runtime = entry.load()()
            return plugin
    raise UnknownName("runtime", runtime_id, known())
