"""What runtimes share that convert a model before measuring: converted once, checked against eager, read in the trial.

A runtime of a package of its own derives from ``Converting`` too. ``artefacts`` then holds the model's files,
``inputs.npz``, and ``converted.json`` with what is known of it.
"""

from __future__ import annotations

import os
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from harness.host import cpu
from harness.model.workload import Model, Place
from harness.runtimes import Loaded, NotSupported, agreement, brought, noted

_INPUTS = "inputs.npz"
PRICE = 1.0
"""Tolerance of data types whose difference from eager is their price: only what is as far off as zeros is refused."""


class Converting(ABC):
    """A runtime whose trial reads only what ``prepare`` left behind, and imports no torch."""

    id: str
    imports: tuple[str, ...]
    builds_in_trial = False
    made_of: ClassVar[Mapping[str, str]] = {}
    """Data types that it makes itself, and the one that the workload is built in for each."""
    tools: tuple[str, ...]
    """Packages that convert and run, the one that runs first; their versions make a conversion worthless."""
    files: tuple[str, ...]
    """Patterns of the model's files."""
    extra: ClassVar[str] = "tierbench[{id}]"
    """What pip installs the tools with."""

    @abstractmethod
    def tolerance(self, dtype: str) -> float:
        """Largest difference from eager that is accepted, relative to eager's largest output."""

    @abstractmethod
    def convert(self, model: Model, artefacts: Path, dtype: str) -> None:
        """Write the model's files. What it raises becomes the reason why the model is not supported."""

    @abstractmethod
    def open(self, artefacts: Path, dtype: str) -> Loaded:
        """The model as a callable of arrays that gives a list of arrays, with the stored inputs. Imports no torch."""

    @abstractmethod
    def weight_bytes(self, artefacts: Path) -> int:
        """Bytes that the weights take."""

    def made(self, artefacts: Path) -> dict[str, str]:
        """What else is to be known of a conversion and stands in its records; asked for once, after converting."""
        return {}

    def missing(self) -> str | None:
        """Which tools are not installed, None where all are. What converts is not needed where models were brought."""
        needed = self.tools[:1] if brought.here() else self.tools
        absent = [name for name in needed if find_spec(name) is None]
        how = self.extra.format(id=self.id)
        return f"not installed: {', '.join(absent)} (pip install {how})" if absent else None

    def version(self) -> str:
        """Version of the library that runs; empty where it is not installed."""
        return noted.installed(self.tools[0])

    def prepare(self, build: Callable[[], Model], place: Place, artefacts: Path) -> None:
        """Convert, unless what lies there was made by these versions and still gives eager's output.

        Raises NotSupported where the module cannot be converted or run, and WrongOutput where the result differs from
        eager's by more than ``tolerance``.
        """
        model = build()
        agreement.require_tensors(model)
        _store_inputs(model, artefacts)
        expected, most = agreement.eager(model), self.tolerance(place.dtype)
        if self._still_holds(model, artefacts) and self._difference(expected, place, artefacts) <= most:
            return
        facts, found = self._convert(model, expected, place, artefacts)
        agreement.judge(self.id, found, most)
        noted.write(artefacts, {**facts, "relative_difference": f"{found:.3e}", "tolerance": f"{most:.0e}"})

    def load(self, build: Callable[[], Model], place: Place, artefacts: Path) -> Loaded:
        """Open the converted model. Raises FileNotFoundError where ``prepare`` has not run. Imports no torch."""
        facts = self._read_facts(artefacts)
        if facts is None:
            raise FileNotFoundError(f"no sound conversion by these versions in {artefacts}: prepare has not run")
        opened = self.open(artefacts, place.dtype)
        weights = int(facts.pop("weight_bytes"))
        return replace(
            opened, weight_bytes=weights, facts={**facts, **opened.facts}, conversion=noted.conversion(facts)
        )

    def _still_holds(self, model: Model, artefacts: Path) -> bool:
        """Whether what was converted before takes these inputs."""
        facts = self._read_facts(artefacts)
        return facts is not None and facts.get("inputs") == _signature(model)

    def _convert(
        self, model: Model, expected: list[Any], place: Place, artefacts: Path
    ) -> tuple[dict[str, str], float]:
        """Write the model and run it: what is known of it, and its difference from ``expected``.

        Until that is written down, nothing counts as converted.
        """
        (artefacts / noted.FILE).unlink(missing_ok=True)
        start = time.perf_counter_ns()
        try:
            self.convert(model, artefacts, place.dtype)
            seconds = (time.perf_counter_ns() - start) / 1e9
            found = self._difference(expected, place, artefacts)
        except Exception as error:
            raise not_supported(self.id, error) from error
        facts = {
            "conversion_seconds": f"{seconds:.3f}",
            "inputs": _signature(model),
            "weight_bytes": str(self.weight_bytes(artefacts)),
            "file_bytes": str(noted.size_of(artefacts, self.files)),
            **self.made(artefacts),
            **self._versions(),
        }
        return facts, found

    def _difference(self, expected: list[Any], place: Place, artefacts: Path) -> float:
        opened = self.open(artefacts, place.dtype)
        return agreement.difference(expected, opened.call(*opened.inputs))

    def _read_facts(self, artefacts: Path) -> dict[str, str] | None:
        """What ``prepare`` noted; None where it has not run with today's versions or a file has changed its size."""
        facts = noted.read(artefacts)
        today = {**self._versions(), "file_bytes": str(noted.size_of(artefacts, self.files))}
        sound = facts is not None and today.items() <= facts.items() and (artefacts / _INPUTS).exists()
        return facts if sound else None

    def _versions(self) -> dict[str, str]:
        """Versions of what converts and what runs, as far as it is installed, without importing them."""
        found = {name: noted.installed(name) for name in (*self.tools, "transformers")}
        return {name: version for name, version in found.items() if version}


def threads() -> int:
    """Threads that the environment asks for, else one for each CPU that may be used, as far as a quota goes."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() else cpu.threads()


def stored_inputs(artefacts: Path) -> tuple[Any, ...]:
    """The arrays that ``prepare`` wrote."""
    import numpy

    with numpy.load(artefacts / _INPUTS) as stored:
        return tuple(stored[name] for name in stored.files)


def not_supported(runtime: str, error: Exception) -> NotSupported:
    """That a runtime cannot run a model, with the reason in a line."""
    if isinstance(error, NotSupported):
        return error
    said = " ".join(str(error).split()) or type(error).__name__
    return NotSupported(f"{runtime} cannot run it: {said}")


def _store_inputs(model: Model, artefacts: Path) -> None:
    """Write the inputs as arrays, every time: they may be of another seed than those that lie there."""
    store_arrays([value.cpu().numpy() for value in model.inputs], artefacts)


def store_arrays(arrays: Sequence[Any], artefacts: Path) -> None:
    """Write them for ``stored_inputs``."""
    import numpy

    artefacts.mkdir(parents=True, exist_ok=True)
    numpy.savez(artefacts / _INPUTS, *arrays)


def _signature(model: Model) -> str:
    """Types and shapes of the inputs, which a converted model is fixed to."""
    return " ".join(f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}" for value in model.inputs)


def traced(module: Any, inputs: tuple[Any, ...]) -> Any:
    """The module as TorchScript, its output one tensor or a flat tuple: what converts from it knows no dictionaries."""
    import torch

    trace: Callable[..., Any] = torch.jit.trace
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        return trace(_flat(module.eval()), inputs, check_trace=False)


def _flat(module: Any) -> Any:
    import torch

    class Flat(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *inputs: Any) -> Any:
            found = agreement.tensors(self.module(*inputs))
            return found[0] if len(found) == 1 else tuple(found)

    return Flat().eval()
