"""An ONNX file of the user's own: opened where it lies, so that nothing is copied. ``given.json`` says where."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.runtimes.converting import store_arrays

_NOTE = "given.json"


def keep(path: Path, inputs: Sequence[Any], artefacts: Path) -> None:
    """Note where the file is, with the bytes of its weights, and keep the inputs."""
    store_arrays(inputs, artefacts)
    part = artefacts / (_NOTE + ".part")
    part.write_text(json.dumps({"path": str(path), "weight_bytes": _weight_bytes(path)}))
    part.replace(artefacts / _NOTE)


def kept(artefacts: Path) -> Path | None:
    """The file that is to be opened; None where there is no such note."""
    note = _read(artefacts)
    return Path(str(note["path"])) if note else None


def weight_bytes(artefacts: Path) -> int | None:
    """Of the weights, as they were counted; None where there is no such note."""
    note = _read(artefacts)
    return int(note["weight_bytes"]) if note else None


def _read(artefacts: Path) -> dict[str, Any] | None:
    try:
        note: dict[str, Any] = json.loads((artefacts / _NOTE).read_text())
    except (OSError, ValueError):
        return None
    return note


def _weight_bytes(path: Path) -> int:
    """Without reading values that lie in another file."""
    import math

    import onnx
    from onnx.helper import tensor_dtype_to_np_dtype

    graph = onnx.load(str(path), load_external_data=False).graph
    return sum(tensor_dtype_to_np_dtype(t.data_type).itemsize * math.prod(t.dims) for t in graph.initializer)
