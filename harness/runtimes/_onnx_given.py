"""An ONNX file of the user's own: opened where it lies, so that nothing is copied. ``given.json`` says where."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.runtimes.converting import store_arrays

_NOTE = "given.json"


def keep(path: Path, inputs: Sequence[Any], artefacts: Path) -> None:
    """Note where the file is and what its weights are stored as, and keep the inputs."""
    store_arrays(inputs, artefacts)
    part = artefacts / (_NOTE + ".part")
    part.write_text(json.dumps({"path": str(path), "stored": _stored(path)}))
    part.replace(artefacts / _NOTE)


def kept(artefacts: Path) -> Path | None:
    """The file that is to be opened; None where there is no such note."""
    note = _read(artefacts)
    return Path(str(note["path"])) if note else None


def weight_bytes(artefacts: Path) -> int | None:
    """Of the weights, as they were counted; None where there is no such note."""
    note = _read(artefacts)
    return sum(note["stored"].values()) if note else None


def facts(artefacts: Path) -> dict[str, str]:
    """What a record is to say of the file: the types that its weights are stored in, with their bytes."""
    note = _read(artefacts)
    stored = note["stored"] if note else {}
    return {"stored_weights": ", ".join(f"{kind} {size} B" for kind, size in stored.items())}


def _read(artefacts: Path) -> dict[str, Any] | None:
    try:
        note: dict[str, Any] = json.loads((artefacts / _NOTE).read_text())
    except (OSError, ValueError):
        return None
    return note


def _stored(path: Path) -> dict[str, int]:
    """Bytes of the weights by their type, most first, without reading values that lie in another file."""
    import math

    import onnx
    from onnx.helper import tensor_dtype_to_np_dtype

    graph = onnx.load(str(path), load_external_data=False).graph
    sizes: dict[str, int] = {}
    for tensor in graph.initializer:
        kind = tensor_dtype_to_np_dtype(tensor.data_type)
        sizes[str(kind)] = sizes.get(str(kind), 0) + kind.itemsize * math.prod(tensor.dims)
    return dict(sorted(sizes.items(), key=lambda pair: -pair[1]))
