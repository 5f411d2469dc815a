"""ONNX Runtime on the CPU: converted and checked against eager before measuring; the trial reads only the result.

``artefacts`` then holds ``model.onnx`` with its weights beside it, ``inputs.npz`` and ``converted.json``.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.model.workload import Model, Place
from harness.runtimes import Loaded

TOLERANCE = 1e-4
"""Largest difference from eager that is accepted, relative to eager's largest output."""

_MODEL, _INPUTS, _FACTS = "model.onnx", "inputs.npz", "converted.json"
_TOOLS = ("torch", "onnx", "onnxscript", "onnxruntime")


class OnnxRuntime:
    """Steps take and return numpy arrays. Settings: the threads of OMP_NUM_THREADS, none of them spinning."""

    id = "onnxruntime"
    imports: tuple[str, ...] = ("numpy", "onnxruntime")
    builds_in_trial = False

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there; None where it can. Imports nothing."""
        missing = [name for name in _TOOLS if find_spec(name) is None]
        if missing:
            return f"not installed: {', '.join(missing)} (pip install tierbench[onnxruntime])"
        if device != "cpu":
            return f"the ONNX Runtime runtime runs on the CPU, not on the {device}"
        return None if dtype == "float32" else f"the ONNX Runtime runtime computes in float32, not {dtype}"

    def version(self) -> str:
        """Version of onnxruntime, e.g. ``1.32.0``; empty where it is not installed."""
        return _versions()["onnxruntime"]

    def prepare(self, build: Callable[[], Model], place: Place, artefacts: Path) -> None:  # noqa: ARG002
        """Convert, unless what lies there was made by these versions and still gives eager's output.

        Raises RuntimeError where the module cannot be converted or the result differs by more than ``TOLERANCE``.
        """
        model = build()
        _store_inputs(model, artefacts)
        if _still_holds(model, artefacts):
            return
        facts = _convert(model, artefacts)
        found = _difference(model, artefacts)
        if not found <= TOLERANCE:
            (artefacts / _FACTS).unlink()
            raise RuntimeError(f"converted output differs from eager by {found:.2e}, more than {TOLERANCE:.0e}")
        _write_facts(artefacts, {**facts, "relative_difference": f"{found:.3e}"})

    def load(self, build: Callable[[], Model], place: Place, artefacts: Path) -> Loaded:  # noqa: ARG002
        """Open the converted model. Raises FileNotFoundError where ``prepare`` has not run. Imports no torch."""
        facts = _read_facts(artefacts)
        if facts is None:
            raise FileNotFoundError(f"no sound conversion by these versions in {artefacts}: prepare has not run")
        call, settings = _open(artefacts / _MODEL)
        weights = int(facts.pop("weight_bytes"))
        return Loaded(call=call, inputs=_load_inputs(artefacts), weight_bytes=weights, facts={**facts, **settings})


def _open(path: Path) -> tuple[Callable[..., list[Any]], dict[str, str]]:
    """The model as a callable of arrays, and the settings it runs with."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]

    def call(*inputs: Any) -> list[Any]:
        outputs: list[Any] = session.run(None, dict(zip(names, inputs, strict=True)))
        return outputs

    return call, {"threads": str(_threads()), "spinning": "off", "optimisation": "all"}


def _threads() -> int:
    """Threads that the environment asks for, else one for each CPU that may be used."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() else len(os.sched_getaffinity(0))


def _store_inputs(model: Model, artefacts: Path) -> None:
    """Write the inputs as arrays, every time: they may be of another seed than those that lie there."""
    import numpy

    _reject_other_inputs(model)
    artefacts.mkdir(parents=True, exist_ok=True)
    numpy.savez(artefacts / _INPUTS, *(value.cpu().numpy() for value in model.inputs))


def _still_holds(model: Model, artefacts: Path) -> bool:
    """Whether what was converted before takes these inputs and gives eager's output."""
    facts = _read_facts(artefacts)
    return facts is not None and facts.get("inputs") == _signature(model) and _difference(model, artefacts) <= TOLERANCE


def _signature(model: Model) -> str:
    """Types and shapes of the inputs, which a converted model is fixed to."""
    return " ".join(f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}" for value in model.inputs)


def _convert(model: Model, artefacts: Path) -> dict[str, str]:
    """Write model and facts. The facts come last: without them nothing counts as converted."""
    import torch

    (artefacts / _FACTS).unlink(missing_ok=True)
    start = time.perf_counter_ns()
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.module.eval(), model.inputs, artefacts / _MODEL, dynamo=True, external_data=True, verbose=False
        )
    seconds = f"{(time.perf_counter_ns() - start) / 1e9:.3f}"
    facts = {"conversion_seconds": seconds, "inputs": _signature(model), **_sizes(artefacts / _MODEL), **_versions()}
    _write_facts(artefacts, facts)
    return facts


def _reject_other_inputs(model: Model) -> None:
    import torch

    if not isinstance(model.module, torch.nn.Module):
        raise RuntimeError(f"only a torch module can be converted, not {type(model.module).__name__}")
    other = [type(value).__name__ for value in model.inputs if not isinstance(value, torch.Tensor)]
    if other:
        raise RuntimeError(f"only tensors can be inputs of a converted model, not {', '.join(other)}")


def _sizes(path: Path) -> dict[str, str]:
    """Bytes on disk, and bytes of the initialisers, which are the weights."""
    import onnx

    graph = onnx.load(str(path)).graph
    weights = sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in graph.initializer)
    return {"weight_bytes": str(weights), "file_bytes": str(_file_bytes(path))}


def _file_bytes(path: Path) -> int:
    """Of the model and the weights beside it."""
    return sum(file.stat().st_size for file in path.parent.glob(path.name + "*"))


def _difference(model: Model, artefacts: Path) -> float:
    """Largest difference between the two outputs, relative to eager's largest; infinite where the shapes differ."""
    import numpy
    import torch

    with torch.inference_mode():
        eager = _arrays(model.module.eval()(*model.inputs))
    converted = _open(artefacts / _MODEL)[0](*(value.cpu().numpy() for value in model.inputs))
    if [a.shape for a in eager] != [numpy.asarray(c).shape for c in converted]:
        return float("inf")
    return max(_relative(e, c) for e, c in zip(eager, converted, strict=True))


def _relative(expected: Any, found: Any) -> float:
    import numpy

    worst = float(numpy.abs(expected - found).max() / max(float(numpy.abs(expected).max()), 1e-30))
    return worst if worst == worst else float("inf")


def _arrays(output: Any) -> list[Any]:
    """The tensors of a module's output, in order, as arrays."""
    if isinstance(output, Mapping):
        output = tuple(output.values())
    if isinstance(output, tuple | list):
        return [array for part in output for array in _arrays(part)]
    return [output.cpu().numpy()]


def _load_inputs(artefacts: Path) -> tuple[Any, ...]:
    import numpy

    with numpy.load(artefacts / _INPUTS) as stored:
        return tuple(stored[name] for name in stored.files)


def _read_facts(artefacts: Path) -> dict[str, str] | None:
    """What ``prepare`` noted, None where it has not run with today's versions or a file has changed its size."""
    try:
        facts: dict[str, str] = json.loads((artefacts / _FACTS).read_text())
    except (OSError, ValueError):
        return None
    today = {**_versions(), "file_bytes": str(_file_bytes(artefacts / _MODEL))}
    return facts if today.items() <= facts.items() and (artefacts / _INPUTS).exists() else None


def _write_facts(artefacts: Path, facts: dict[str, str]) -> None:
    part = artefacts / (_FACTS + ".part")
    part.write_text(json.dumps(facts))
    part.replace(artefacts / _FACTS)


def _versions() -> dict[str, str]:
    """Versions of what converts and what runs, without importing them."""
    return {name: _version(name) for name in (*_TOOLS, "transformers")}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
