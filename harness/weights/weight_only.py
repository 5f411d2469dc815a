"""Weights in few bits: linear layers in int8 or int4, all else and the arithmetic in floating point.

They are made once from the float32 weights and kept in the cache, so that a trial loads no more than it needs.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.errors import MachineError
from harness.model.workload import Place
from harness.weights import entries

BITS = ("int8", "int4")
"""Data types of weights alone."""

FORMAT = 1
"""Raise it when the rule that rounds, or what is kept, changes."""

Probe = Callable[[Any], Any]
"""Runs a model once and gives the tensor that the two are compared by."""


def load_weight_only(
    architecture: type, config: Any, place: Place, compute: str, probe: Probe
) -> tuple[Any, dict[str, str]]:
    """The model with its linear layers' weights in ``place.dtype``, all else in ``compute``; and what is known of it.

    ``probe`` runs it once: ``relative_difference`` is its largest difference from the float32 model, over that one's
    largest. To make the entry takes the float32 model's memory, once. Raises MachineError where the cache cannot be
    written, RuntimeError on another device than the CPU.
    """
    _require_kernels(place)
    name = entries.key(architecture, config, f"{place.dtype}-{compute}")
    folder = place.cache / "weights" / f"{name}-{_kernels()}"
    known: dict[str, str] = {}

    def write(path: Path) -> str:
        known.update(_make(path, _float32(architecture, config, place), place, compute, probe))
        return entries.digest(path)

    entries.ensure_entry(folder, write, lambda part: (part / "config.json").write_text(json.dumps(known)))
    module = _without_memory(architecture, config, place.dtype, compute)
    _few_bits().fill(module, entries.read(folder / entries.FILE))
    return module.eval(), json.loads((folder / "config.json").read_text())


def _require_kernels(place: Place) -> None:
    if place.device != "cpu":
        raise RuntimeError(f"{place.dtype} weights have kernels for the CPU alone here, not for {place.device}")


def _few_bits() -> Any:
    """The layers; their module imports torch."""
    return import_module("harness.weights._few_bits")


def _float32(architecture: type, config: Any, place: Place) -> Any:
    """The model that is rounded. Its file is none that a trial reads."""
    whole = replace(place, dtype="float32")
    model = entries.load(architecture, config, whole)
    entries.used.discard(entries.ensure(architecture, config, whole) / entries.FILE)
    return model


def _make(path: Path, model: Any, place: Place, compute: str, probe: Probe) -> dict[str, str]:
    """Round the model where it lies, write its tensors, and say what came of it."""
    facts = round_linears(model, place, compute, probe)
    _save(_once(_few_bits().tensors(model)), path)
    return facts


def round_linears(model: Any, place: Place, compute: str, probe: Probe) -> dict[str, str]:
    """Put a float32 module's linear layers into ``place.dtype``, all else into ``compute``; what came of it.

    For a module that is small enough to be rounded in each trial. What ``probe`` is, and what is raised, as above.
    """
    import torch

    _require_kernels(place)

    dtype = getattr(torch, compute)
    count = sum(p.numel() for p in model.parameters())
    with torch.inference_mode():
        expected = probe(model).float()
    layers = _few_bits().replace_linears(model, place.dtype, dtype)
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
    with torch.inference_mode():
        difference = (probe(model).float() - expected).abs().max() / expected.abs().max()
    return {
        "parameters": str(count),
        "weight_only": f"{layers} linear layers in {place.dtype}, computed in {compute}",
        "relative_difference": f"{float(difference):.3e}",
    }


def _save(tensors: dict[str, Any], path: Path) -> None:
    """Write them and wait for the disk. Raises MachineError."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file(tensors, path)
    except SafetensorError as error:
        raise MachineError(f"cannot write weights: {error}", where=str(path)) from error
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _once(named: dict[str, Any]) -> dict[str, Any]:
    """Each tensor under its first name."""
    first = {id(tensor): name for name, tensor in reversed(named.items())}
    return {name: named[name].detach() for name in first.values()}


def _without_memory(architecture: type, config: Any, bits: str, compute: str) -> Any:
    import torch

    with torch.device("meta"):
        model = architecture(config)
        _few_bits().replace_linears(model, bits, getattr(torch, compute))
    return model


def _kernels() -> str:
    """A hash of what decides how they lie in memory: the rule here, torch, and the CPU's instructions."""
    import torch

    said = f"{FORMAT} {torch.__version__} {torch.backends.cpu.get_cpu_capability()}"
    return hashlib.sha256(said.encode()).hexdigest()[:8]
