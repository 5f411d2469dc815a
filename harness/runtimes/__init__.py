"""Runtimes: each turns a workload's Model into the callable that its driver steps. A module a runtime.

Third parties add one through the entry-point group ``tierbench.runtimes``: a name and a factory without arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from harness.errors import UnknownName
from harness.model.workload import Model, Place

GROUP = "tierbench.runtimes"

_BUILT_IN = {
    "torch-eager": ("harness.runtimes.torch_eager", "TorchEager"),
    "python": ("harness.runtimes.python", "Python"),
    "onnxruntime": ("harness.runtimes.onnx_runtime", "OnnxRuntime"),
    "ncnn": ("harness.runtimes.ncnn", "Ncnn"),
}


Shape = tuple[int, ...]


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


def known() -> list[str]:
    """Ids of all runtimes, built in and installed."""
    return sorted({*_BUILT_IN, *(e.name for e in entry_points(group=GROUP))})


def get(runtime_id: str) -> Runtime:
    """The runtime of that id. Raises UnknownName."""
    if runtime_id in _BUILT_IN:
        module, name = _BUILT_IN[runtime_id]
        made: Runtime = getattr(import_module(module), name)()
        return made
    for entry in entry_points(group=GROUP):
        if entry.name == runtime_id:
            plugin: Runtime = entry.load()()
            return plugin
    raise UnknownName("runtime", runtime_id, known())
