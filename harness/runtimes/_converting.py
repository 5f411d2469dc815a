"""What runtimes share that convert a model before measuring: converted once, checked against eager, read in the trial.

``artefacts`` then holds the model's files, ``inputs.npz``, and ``converted.json`` with what is known of it.
"""

from __future__ import annotations

import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.model.workload import Model, Place
from harness.runtimes import Loaded, brought

_INPUTS, _FACTS = "inputs.npz", "converted.json"


class Converting(ABC):
    """A runtime whose trial reads only what ``prepare`` left behind, and imports no torch."""

    id: str
    imports: tuple[str, ...]
    builds_in_trial = False
    tools: tuple[str, ...]
    """Packages that convert and run, the one that runs first; their versions make a conversion worthless."""
    files: tuple[str, ...]
    """Patterns of the model's files."""

    @abstractmethod
    def tolerance(self, dtype: str) -> float:
        """Largest difference from eager that is accepted, relative to eager's largest output."""

    @abstractmethod
    def convert(self, model: Model, artefacts: Path) -> None:
        """Write the model's files. Raises RuntimeError."""

    @abstractmethod
    def open(self, artefacts: Path, dtype: str) -> Loaded:
        """The model as a callable of arrays that gives a list of arrays, with the stored inputs. Imports no torch."""

    @abstractmethod
    def weight_bytes(self, artefacts: Path) -> int:
        """Bytes that the weights take."""

    def missing(self) -> str | None:
        """Which tools are not installed, None where all are. What converts is not needed where models were brought."""
        needed = self.tools[:1] if brought.here() else self.tools
        absent = [name for name in needed if find_spec(name) is None]
        return f"not installed: {', '.join(absent)} (pip install tierbench[{self.id}])" if absent else None

    def version(self) -> str:
        """Version of the library that runs; empty where it is not installed."""
        return _version(self.tools[0])

    def prepare(self, build: Callable[[], Model], place: Place, artefacts: Path) -> None:
        """Convert, unless what lies there was made by these versions and still gives eager's output.

        Raises RuntimeError where the module cannot be converted, or the result differs by more than ``tolerance``.
        """
        model = build()
        _store_inputs(model, artefacts)
        if self._still_holds(model, place, artefacts):
            return
        facts = self._convert(model, artefacts)
        found, most = self._difference(model, place, artefacts), self.tolerance(place.dtype)
        if not found <= most:
            raise RuntimeError(f"converted output differs from eager by {found:.2e}, more than {most:.0e}")
        _write_facts(artefacts, {**facts, "relative_difference": f"{found:.3e}"})

    def load(self, build: Callable[[], Model], place: Place, artefacts: Path) -> Loaded:  # noqa: ARG002
        """Open the converted model. Raises FileNotFoundError where ``prepare`` has not run. Imports no torch."""
        facts = self._read_facts(artefacts)
        if facts is None:
            raise FileNotFoundError(f"no sound conversion by these versions in {artefacts}: prepare has not run")
        opened = self.open(artefacts, place.dtype)
        weights = int(facts.pop("weight_bytes"))
        return replace(opened, weight_bytes=weights, facts={**facts, **opened.facts})

    def _still_holds(self, model: Model, place: Place, artefacts: Path) -> bool:
        """Whether what was converted before takes these inputs and gives eager's output."""
        facts = self._read_facts(artefacts)
        if facts is None or facts.get("inputs") != _signature(model):
            return False
        return self._difference(model, place, artefacts) <= self.tolerance(place.dtype)

    def _convert(self, model: Model, artefacts: Path) -> dict[str, str]:
        """Write the model; what is known of it. Until that is written down, nothing counts as converted."""
        (artefacts / _FACTS).unlink(missing_ok=True)
        start = time.perf_counter_ns()
        self.convert(model, artefacts)
        return {
            "conversion_seconds": f"{(time.perf_counter_ns() - start) / 1e9:.3f}",
            "inputs": _signature(model),
            "weight_bytes": str(self.weight_bytes(artefacts)),
            "file_bytes": str(self._file_bytes(artefacts)),
            **self._versions(),
        }

    def _difference(self, model: Model, place: Place, artefacts: Path) -> float:
        """Largest difference between the two outputs, relative to eager's largest; infinite where the shapes differ."""
        import numpy
        import torch

        with torch.inference_mode():
            eager = [tensor.cpu().float().numpy() for tensor in tensors(model.module.eval()(*model.inputs))]
        opened = self.open(artefacts, place.dtype)
        converted = opened.call(*opened.inputs)
        if [a.shape for a in eager] != [numpy.asarray(c).shape for c in converted]:
            return float("inf")
        return max(_relative(e, c) for e, c in zip(eager, converted, strict=True))

    def _read_facts(self, artefacts: Path) -> dict[str, str] | None:
        """What ``prepare`` noted; None where it has not run with today's versions or a file has changed its size."""
        try:
            facts: dict[str, str] = json.loads((artefacts / _FACTS).read_text())
        except (OSError, ValueError):
            return None
        today = {**self._versions(), "file_bytes": str(self._file_bytes(artefacts))}
        return facts if today.items() <= facts.items() and (artefacts / _INPUTS).exists() else None

    def _file_bytes(self, artefacts: Path) -> int:
        return sum(file.stat().st_size for pattern in self.files for file in artefacts.glob(pattern))

    def _versions(self) -> dict[str, str]:
        """Versions of what converts and what runs, as far as it is installed, without importing them."""
        found = {name: _version(name) for name in (*self.tools, "transformers")}
        return {name: version for name, version in found.items() if version}


def threads() -> int:
    """Threads that the environment asks for, else one for each CPU that may be used."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() else len(os.sched_getaffinity(0))


def _store_inputs(model: Model, artefacts: Path) -> None:
    """Write the inputs as arrays, every time: they may be of another seed than those that lie there."""
    _reject_others(model)
    store_arrays([value.cpu().numpy() for value in model.inputs], artefacts)


def store_arrays(arrays: Sequence[Any], artefacts: Path) -> None:
    """Write them for ``stored_inputs``."""
    import numpy

    artefacts.mkdir(parents=True, exist_ok=True)
    numpy.savez(artefacts / _INPUTS, *arrays)


def stored_inputs(artefacts: Path) -> tuple[Any, ...]:
    """The arrays that ``prepare`` wrote."""
    import numpy

    with numpy.load(artefacts / _INPUTS) as stored:
        return tuple(stored[name] for name in stored.files)


def _reject_others(model: Model) -> None:
    import torch

    if not isinstance(model.module, torch.nn.Module):
        raise RuntimeError(f"only a torch module can be converted, not {type(model.module).__name__}")
    other = [type(value).__name__ for value in model.inputs if not isinstance(value, torch.Tensor)]
    if other:
        raise RuntimeError(f"only tensors can be inputs of a converted model, not {', '.join(other)}")


def _signature(model: Model) -> str:
    """Types and shapes of the inputs, which a converted model is fixed to."""
    return " ".join(f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}" for value in model.inputs)


def _relative(expected: Any, found: Any) -> float:
    import numpy

    worst = float(numpy.abs(expected - found).max() / max(float(numpy.abs(expected).max()), 1e-30))
    return worst if worst == worst else float("inf")


def tensors(output: Any) -> list[Any]:
    """The tensors of a module's output, in order."""
    if isinstance(output, Mapping):
        output = tuple(output.values())
    if isinstance(output, tuple | list):
        return [tensor for part in output for tensor in tensors(part)]
    return [output]


def _write_facts(artefacts: Path, facts: dict[str, str]) -> None:
    part = artefacts / (_FACTS + ".part")
    part.write_text(json.dumps(facts))
    part.replace(artefacts / _FACTS)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
