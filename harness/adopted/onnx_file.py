"""An ONNX file: read without its weights, held against what ONNX Runtime knows, and opened by it as it is."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.adopted.inputs import Declared, arrays, settle
from harness.adopted.memory import refuse_beyond
from harness.errors import UserError
from harness.model.inquiry import ModelAnswer, ModelQuestion
from harness.model.own import Own
from harness.model.workload import Model, ModelFile, Place

RUNTIMES = ("onnxruntime",)
COMPUTED_IN = "float32"
"""On a CPU, whatever the weights are stored as, which the records' facts say: ONNX Runtime converts as it goes."""
_EXTRA = "pip install tierbench[onnxruntime]"
_STANDARD = {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training"}


def requires(_own: Own) -> tuple[str, ...]:
    """Nothing beyond the runtime."""
    return ()


def build(own: Own, place: Place) -> Model:
    """The file itself, with inputs as arrays."""
    return Model(ModelFile(Path(own.source)), arrays(own.inputs, place.seed))


def examine(question: ModelQuestion) -> ModelAnswer:
    """Its inputs, files and weights. Raises UserError for one that is damaged or that ONNX Runtime cannot run."""
    if absent := [name for name in ("onnx", "onnxruntime", "numpy") if find_spec(name) is None]:
        raise UserError(f"to run it, {' and '.join(absent)} must be installed", hint=_EXTRA)
    path = Path(question.own.source)
    model = _read(path)
    files = (str(path), *map(str, _beside(model, path)))
    weights = sum(_tensor_bytes(tensor) for tensor in _initializers(model.graph))
    refuse_beyond(weights, question.memory_bytes)
    _refuse_unknown(model)
    inputs = settle(_declared(model), question.given)
    _refuse_unloadable(path)
    return ModelAnswer(inputs, COMPUTED_IN, RUNTIMES, files, weights)


def _read(path: Path) -> Any:
    import onnx

    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own types differ by version
        raise _damaged(error) from None
    if not model.graph.node or not model.opset_import:
        raise UserError("is cut short or no ONNX file: it holds no graph", hint="export or copy it again")
    _check(model, path)
    return model


def _check(model: Any, path: Path) -> None:
    """The graph's structure, without the tensors' contents. What checks operators speaks of unknown ones less well."""
    import onnx

    made = {name for node in model.graph.node for name in node.output} | {i.name for i in model.graph.input}
    made |= {tensor.name for tensor in model.graph.initializer}
    if missing := [out.name for out in model.graph.output if out.name not in made]:
        raise _damaged(ValueError(f"nothing makes its output {missing[0]}"))
    if not model.graph.output:
        raise _damaged(ValueError("its graph has no output"))
    for tensor in _initializers(model.graph):
        if not onnx.external_data_helper.uses_external_data(tensor) and not _is_whole(tensor):
            raise _damaged(ValueError(f"the tensor {tensor.name} lacks a part of its values"))
    for file in _beside(model, path):
        _refuse_short(model, file)


def _damaged(error: Exception) -> UserError:
    said = " ".join(str(error).split())[:160]
    return UserError(f"is cut short or no ONNX file: {said}", hint="export or copy it again")


def _initializers(graph: Any) -> Iterator[Any]:
    """The constants of a graph and of those inside its nodes."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _initializers(attribute.g)
            if attribute.HasField("t"):
                yield attribute.t


def _tensor_bytes(tensor: Any) -> int:
    import math

    from onnx.helper import tensor_dtype_to_np_dtype

    try:
        size = tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except KeyError:
        return 0
    return int(size * math.prod(tensor.dims))


def _is_whole(tensor: Any) -> bool:
    return not tensor.HasField("raw_data") or len(tensor.raw_data) >= _tensor_bytes(tensor) or _is_packed(tensor)


def _is_packed(tensor: Any) -> bool:
    """Types of 4 and 2 bits, several to a byte."""
    import onnx

    return "4" in (name := onnx.TensorProto.DataType.Name(tensor.data_type)) and "64" not in name


def _places(model: Any) -> Iterator[tuple[Any, dict[str, str]]]:
    """Tensors whose values lie in another file, with where."""
    import onnx

    for tensor in _initializers(model.graph):
        if onnx.external_data_helper.uses_external_data(tensor):
            yield tensor, {entry.key: entry.value for entry in tensor.external_data}


def _beside(model: Any, path: Path) -> list[Path]:
    """The files of its weights. Raises UserError where one is not there or lies elsewhere."""
    found: dict[Path, None] = {}
    for _, place in _places(model):
        file = path.parent / place.get("location", "")
        if Path(place.get("location", "")).is_absolute() or ".." in Path(place.get("location", "")).parts:
            raise UserError(f"its weights are to be read from {place['location']}, which is not beside it")
        if not file.is_file():
            raise UserError(f"its weights are missing: {file.name} is not beside it", hint="copy both files")
        found[file] = None
    return list(found)


def _refuse_short(model: Any, file: Path) -> None:
    size = file.stat().st_size
    for tensor, place in _places(model):
        end = int(place.get("offset", 0)) + int(place.get("length", 0) or _tensor_bytes(tensor))
        if place.get("location") == file.name and end > size:
            raise UserError(f"its weights are cut short: {file.name} ends before {tensor.name}", hint="copy it again")


def _declared(model: Any) -> list[Declared]:
    constants = {tensor.name for tensor in model.graph.initializer}
    return [_input(value) for value in model.graph.input if value.name not in constants]


def _input(value: Any) -> Declared:
    from onnx.helper import tensor_dtype_to_np_dtype

    if not value.type.HasField("tensor_type"):
        kind = value.type.WhichOneof("value") or "unknown"
        raise UserError(f"its input {value.name} is a {kind.removesuffix('_type')}, and only tensors can be given")
    tensor = value.type.tensor_type
    dtype = str(tensor_dtype_to_np_dtype(tensor.elem_type))
    if dtype == "object":
        raise UserError(f"its input {value.name} is text, and only numbers can be given")
    shape = tuple(map(_size, tensor.shape.dim)) if tensor.HasField("shape") else None
    return Declared(value.name, shape, dtype)


def _size(dimension: Any) -> int | str | None:
    kind = dimension.WhichOneof("value")
    if kind == "dim_value":
        return int(dimension.dim_value) or None
    return str(dimension.dim_param) or None


def _refuse_unknown(model: Any) -> None:
    """Raises UserError that names every operator that neither ONNX nor ONNX Runtime nor the file itself defines."""
    own = {(f.domain, f.name) for f in model.functions}
    used = {(node.domain, node.op_type) for node in _nodes(model.graph)} - own
    unknown = sorted(f"{domain or 'ai.onnx'}.{name}" for domain, name in used if not _is_known(domain, name))
    if unknown:
        raise UserError(
            f"has operators that ONNX Runtime does not know: {', '.join(unknown)}",
            hint="export it with standard operators only, or with a newer ONNX Runtime",
        )


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def _is_known(domain: str, name: str) -> bool:
    import onnx

    if domain in _STANDARD:
        return bool(onnx.defs.has(name, "" if domain == "ai.onnx" else domain))
    return (domain, name) in _known_to_runtime()


def _known_to_runtime() -> set[tuple[str, str]]:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return {(schema.domain, schema.name) for schema in state.get_all_operator_schema()}


def _refuse_unloadable(path: Path) -> None:
    """Let ONNX Runtime open it, unoptimised: what it refuses now it would refuse in every trial."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        raise UserError(f"ONNX Runtime does not take it: {said}", hint="export it again") from None
