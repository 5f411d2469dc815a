"""Weights in few bits: linear layers in int8 or int4, all else and the arithmetic in floating point.

They are made once from the float32 weights and kept in the cache, so that a trial loads no more than it needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.model.workload import Place
from harness.weights import entries
from harness.weights.kept import save

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
    name = entries.key(architecture, config, f"{place.dtype}-{compute}")
    whole = partial(_float32, architecture, config, place)
    return _rounded_once(name, whole, lambda: architecture(config), place, compute, probe)


def load_module_weight_only(
    make: Callable[[], Any], whole: Callable[[], Any], name: str, place: Place, compute: str, probe: Probe
) -> tuple[Any, dict[str, str]]:
    """The same of a torch module of your own: ``make`` gives it, ``whole`` with its weights in float32.

    ``name`` is the entry's in the cache and must change with the weights; the source of the three is minded here.
    """
    written = hashlib.sha256(" ".join(map(entries.source_of, (make, whole, probe))).encode()).hexdigest()[:8]
    return _rounded_once(f"{name}-{place.dtype}-{compute}-{written}", whole, make, place, compute, probe)


def _rounded_once(
    name: str, whole: Callable[[], Any], make: Callable[[], Any], place: Place, compute: str, probe: Probe
) -> tuple[Any, dict[str, str]]:
    _require_kernels(place)
    folder = place.cache / "weights" / f"{name}-{_kernels()}"
    known: dict[str, str] = {}

    def write(path: Path) -> str:
        known.update(_make(path, entries.unread(whole), place, compute, probe))
        return entries.digest(path)

    entries.ensure_entry(folder, write, lambda part: (part / "config.json").write_text(json.dumps(known)))
    module = _without_memory(make, place.dtype, compute)
    _few_bits().fill(module, entries.read(folder / entries.FILE))
    return module.eval(), json.loads((folder / "config.json").read_text())


def _require_kernels(place: Place) -> None:
    if place.device != "cpu":
        raise RuntimeError(f"{place.dtype} weights have kernels for the CPU alone here, not for {place.device}")


def _few_bits() -> Any:
    """The layers; their module imports torch."""
    return import_module("harness.weights._few_bits")


def _float32(architecture: type, config: Any, place: Place) -> Any:
    """The model that is rounded."""
    return entries.load(architecture, config, replace(place, dtype="float32"))


def _make(path: Path, model: Any, place: Place, compute: str, probe: Probe) -> dict[str, str]:
    """Round the model where it lies, write its tensors, and say what came of it."""
    import torch

    dtype = getattr(torch, compute)
    count = sum(p.numel() for p in model.parameters())
    with torch.inference_mode():
        expected = probe(model).float()
    layers = _few_bits().replace_linears(model, place.dtype, dtype)
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
    with torch.inference_mode():
        difference = (probe(model).float() - expected).abs().max() / expected.abs().max()
    save(_once(_few_bits().tensors(model)), path)
    return {
        "parameters": str(count),
        "weight_only": f"{layers} linear layers in {place.dtype}, computed in {compute}",
        "relative_difference": f"{float(difference):.3e}",
    }


def _once(named: dict[str, Any]) -> dict[str, Any]:
    """Each tensor under its first name."""
    first = {id(tensor): name for name, tensor in reversed(named.items())}
    return {name: named[name].detach() for name in first.values()}


def _without_memory(make: Callable[[], Any], bits: str, compute: str) -> Any:
    import torch

    with torch.device("meta"):
        model = make()
        _few_bits().replace_linears(model, bits, getattr(torch, compute))
    return model


def _kernels() -> str:
    """A hash of what decides how they lie in memory: the rule here, torch, and the CPU's instructions."""
    import torch

    said = f"{FORMAT} {torch.__version__} {torch.backends.cpu.get_cpu_capability()}"
    return hashlib.sha256(said.encode()).hexdigest()[:8]
