"""PyTorch's module through ``torch.compile``: compiled once before measuring, from a cache in every trial."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.model.workload import Model, Place
from harness.runtimes import Loaded, agreement, noted
from harness.runtimes.converting import not_supported
from harness.runtimes.torch_eager import TorchEager

_CACHE = "inductor"
_TOLERANCE = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}
"""Operators that are fused round once where eager rounds after each: in half precision that shows."""


class TorchCompile(TorchEager):
    """Settings: Inductor's own, but code that takes any number of threads, and one compiler at a time."""

    id = "torch-compile"
    imports: tuple[str, ...] = ("torch", "harness.runtimes._inductor")
    dtypes = tuple(_TOLERANCE)

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there; None where it can. Imports no torch."""
        if dtype not in _TOLERANCE:
            return f"torch.compile runs {', '.join(_TOLERANCE)} here, not {dtype}"
        return super().unavailable(device, dtype) or (_no_triton() if device == "gpu" else _no_compiler())

    def prepare(self, build: Callable[[], Model], place: Place, artefacts: Path) -> None:
        """Compile into an empty cache, note what that took, and compare the output with eager's.

        Raises NotSupported where it cannot be compiled, WrongOutput where the output differs by more than is accepted.
        """
        from harness.runtimes import _inductor

        shutil.rmtree(artefacts / _CACHE, ignore_errors=True)
        (artefacts / noted.FILE).unlink(missing_ok=True)
        _inductor.settle(artefacts / _CACHE)
        model = build()
        agreement.require_tensors(model)
        loaded = super().load(lambda: model, place, artefacts)
        expected = agreement.eager(Model(model.module, loaded.inputs))
        seconds, output = _first_call(loaded)
        found, most = agreement.difference(expected, agreement.arrays(output)), _TOLERANCE[place.dtype]
        agreement.judge(self.id, found, most)
        facts = {
            "conversion_seconds": f"{seconds:.3f}",
            "file_bytes": str(noted.size_of(artefacts, (f"{_CACHE}/**/*",))),
            "relative_difference": f"{found:.3e}",
            "tolerance": f"{most:.0e}",
            "compiler": _compiler_version() if place.device == "cpu" else f"triton {noted.installed('triton')}",
        }
        noted.write(artefacts, facts)

    def load(self, build: Callable[[], Model], place: Place, artefacts: Path) -> Loaded:
        """Build and wrap; the first call takes the code from the cache. FileNotFoundError before ``prepare``."""
        from harness.runtimes import _inductor

        facts = noted.read(artefacts)
        if facts is None:
            raise FileNotFoundError(f"nothing compiled in {artefacts}: prepare has not run")
        _inductor.settle(artefacts / _CACHE)
        loaded = super().load(build, place, artefacts)
        said = {**facts, **loaded.facts, "dynamic_threads": "on"}
        return replace(loaded, facts=said, conversion=noted.conversion(facts))

    def callable_of(self, module: Callable[..., Any]) -> Callable[..., Any]:
        """The module, compiled at its first call."""
        import torch

        compiled: Callable[..., Any] = torch.compile(module)
        return compiled


def _first_call(loaded: Loaded) -> tuple[float, Any]:
    """Seconds of the first call, which compiles, and its output. Raises NotSupported."""
    start = time.perf_counter_ns()
    try:
        output = loaded.call(*loaded.inputs)
        if loaded.synchronise:
            loaded.synchronise()
    except Exception as error:
        raise not_supported(TorchCompile.id, error) from error
    return (time.perf_counter_ns() - start) / 1e9, output


def _compiler() -> str:
    return os.environ.get("CXX", "g++")


def _no_compiler() -> str | None:
    if shutil.which(_compiler()) is None:
        return f"no C++ compiler {_compiler()}: torch.compile needs one on the CPU (install g++, or name one in CXX)"
    header = Path(sysconfig.get_path("include")) / "Python.h"
    return None if header.exists() else f"no {header}: torch.compile needs Python's headers (install python3-dev)"


def _no_triton() -> str | None:
    return None if find_spec("triton") else "Triton is not installed: torch.compile needs it on a GPU"


def _compiler_version() -> str:
    said = subprocess.run([_compiler(), "--version"], capture_output=True, text=True, check=False).stdout
    return said.partition("\n")[0]
