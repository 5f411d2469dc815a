"""PyTorch as it comes: the module itself, called under ``torch.inference_mode``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.model.workload import Model, Place
from harness.runtimes import Loaded

FEW_BITS = ("int8", "int4")
"""Types of weights alone, which are computed with in floating point."""

if TYPE_CHECKING:
    import torch


class TorchEager:
    """The reference that every other runtime is compared with. Settings: none."""

    id = "torch-eager"
    imports: tuple[str, ...] = ("torch",)
    builds_in_trial = True
    dtypes: tuple[str, ...] = ("float32", "float16", "bfloat16", *FEW_BITS)

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there; None where it can. Imports no torch."""
        if find_spec("torch") is None:
            return "PyTorch is not installed"
        if dtype not in self.dtypes:
            return f"PyTorch runs {', '.join(self.dtypes)} here, not {dtype}"
        if device == "gpu" and dtype in FEW_BITS:
            return f"weights in {dtype} alone are run on the CPU here"
        return _no_gpu() if device == "gpu" else None

    def version(self) -> str:
        """Version of torch, e.g. ``2.13.0+cpu``; empty where it is not installed."""
        try:
            return version("torch")
        except PackageNotFoundError:
            return ""

    def prepare(self, build: Callable[[], Model], place: Place, artefacts: Path) -> None:
        """Nothing to convert: the first ``build``, of the ``load`` that follows, puts the weights into the cache."""

    def load(self, build: Callable[[], Model], place: Place, artefacts: Path) -> Loaded:
        """Build, move to the device, wrap. Raises RuntimeError where torch did not take the thread count asked for."""
        import torch

        _settle_threads()
        model = build()
        module = _moved(model.module, place.device)
        return Loaded(
            call=_without_gradients(self.callable_of(module)),
            inputs=tuple(_moved(value, place.device) for value in model.inputs),
            synchronise=torch.cuda.synchronize if place.device == "cuda" else None,
            weight_bytes=weight_bytes(module),
            facts={**_facts(module, place), **model.facts},
        )

    def callable_of(self, module: Callable[..., Any]) -> Callable[..., Any]:
        """What is called for the module: itself."""
        return module


def weight_bytes(module: Any) -> int | None:
    """Bytes that parameters and buffers hold, memory shared between them once; None where it is no torch module."""
    import torch

    if not isinstance(module, torch.nn.Module):
        return None
    stores = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in _tensors(module)}
    return sum(stores.values())


def parameter_count(module: torch.nn.Module) -> int:
    """Numbers that were learnt, tied ones once; buffers do not count."""
    return sum(p.numel() for p in module.parameters())


def _tensors(module: torch.nn.Module) -> list[torch.Tensor]:
    return [*module.parameters(), *module.buffers()]


def _moved(value: Any, device: str) -> Any:
    """A module or tensor on the device, a module for inference; anything else as it is."""
    import torch

    if isinstance(value, torch.nn.Module):
        return value.eval().to(device)
    return value.to(device) if isinstance(value, torch.Tensor) else value


def _without_gradients(module: Callable[..., Any]) -> Callable[..., Any]:
    import torch

    def call(*inputs: Any, **named: Any) -> Any:
        with torch.inference_mode():
            return module(*inputs, **named)

    return call


def _settle_threads() -> None:
    """One inter-operator thread, and the intra-operator threads that the environment asks for.

    The first can be set only before its pool exists; where a suite was quicker, the facts say how many there are.
    """
    import torch

    with suppress(RuntimeError):
        torch.set_num_interop_threads(1)
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and torch.get_num_threads() != int(asked):
        raise RuntimeError(f"OMP_NUM_THREADS is {asked}, but torch uses {torch.get_num_threads()} threads")


def _facts(module: Any, place: Place) -> dict[str, str]:
    import torch

    facts = {
        **_library_versions(),
        "threads": str(torch.get_num_threads()),
        "interop_threads": str(torch.get_num_interop_threads()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }
    if isinstance(module, torch.nn.Module):
        facts["parameters"] = str(parameter_count(module))
    if place.device == "cuda":
        facts["gpu"] = torch.cuda.get_device_name()
        facts["cuda"] = torch.version.cuda or ""
    return facts


def _library_versions() -> dict[str, str]:
    """Versions of the libraries that are loaded and matter to the result."""
    return {name: str(sys.modules[name].__version__) for name in ("torch", "transformers") if name in sys.modules}


def _no_gpu() -> str | None:
    """Why there is no NVIDIA GPU to run on, asked of the driver; None where there is one and torch was built for it."""
    if find_spec("pynvml") is None:
        return "no way to ask for a GPU: nvidia-ml-py is not installed"
    import pynvml

    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        pynvml.nvmlShutdown()
    except Exception as error:  # some of nvidia-ml-py's errors are no NVMLError
        return f"no NVIDIA GPU: {error}"
    if not count:
        return "no NVIDIA GPU: the driver lists none"
    return "this PyTorch was built without CUDA" if TorchEager().version().endswith("+cpu") else None
