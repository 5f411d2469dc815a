"""ONNX Runtime on the CPU: exported and checked against eager before measuring; the trial reads only the result."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from harness.model.workload import Model, ModelFile, Place
from harness.runtimes import Loaded, NotSupported, Part, Shape, _onnx_given
from harness.runtimes.converting import PRICE, Converting, stored_inputs, threads

_MODEL = "model.onnx"
_NODE_TIME = "_kernel_time"
_BLOCK = 32
_QUANTISED = {
    "DynamicQuantizeLinear": "dynamic",
    "QuantizeLinear": "static, with the ranges of activations that the step's own inputs give",
    "MatMulNBits": f"weights alone, in blocks of {_BLOCK}",
}
"""By the node that only such a graph has."""


class OnnxRuntime(Converting):
    """Steps take and return numpy arrays. Settings: the threads of OMP_NUM_THREADS, none of them spinning.

    Data type int8 is float32's graph in 8 bits: where it has convolutions, activations by ranges that they took on the
    workload's inputs (static quantisation), elsewhere as they come (dynamic quantisation). int4 is its matrix products'
    weights in 4 bits, computed with in float32.
    """

    id = "onnxruntime"
    imports: tuple[str, ...] = ("numpy", "onnxruntime")
    tools = ("onnxruntime", "torch", "onnx", "onnxscript")
    files = (_MODEL + "*",)
    made_of: ClassVar[Mapping[str, str]] = {"int8": "float32", "int4": "float32"}

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there; None where it can. Imports nothing."""
        if (missing := self.missing()) is not None:
            return missing
        if device != "cpu":
            return f"the ONNX Runtime runtime runs on the CPU, not on the {device}"
        known = dtype == "float32" or dtype in self.made_of
        return None if known else f"the ONNX Runtime runtime runs float32, int8 and int4, not {dtype}"

    def prepare(self, build: Callable[[], Model], place: Place, artefacts: Path) -> None:
        """Convert and hold against eager; an ONNX file of the user's own is left where it is, and its inputs kept."""
        model = build()
        if isinstance(model.module, ModelFile):
            _onnx_given.keep(model.module.path, model.inputs, artefacts)
        else:
            super().prepare(lambda: model, place, artefacts)

    def load(self, build: Callable[[], Model], place: Place, artefacts: Path) -> Loaded:
        """Open what was converted, or the user's own file."""
        path = _onnx_given.kept(artefacts)
        if path is None:
            return super().load(build, place, artefacts)
        opened = self._open(path, artefacts)
        facts = {**opened.facts, **_onnx_given.facts(artefacts)}
        return replace(opened, weight_bytes=_onnx_given.weight_bytes(artefacts), facts=facts)

    def tolerance(self, dtype: str) -> float:
        """Of float32, summed in another order; the difference of the others is their price."""
        return 1e-4 if dtype == "float32" else PRICE

    def convert(self, model: Model, artefacts: Path, dtype: str) -> None:
        """Write ``model.onnx`` with its weights beside it."""
        if dtype == "float32":
            _export(model, artefacts / _MODEL)
            return
        with tempfile.TemporaryDirectory(dir=artefacts) as scratch:
            _export(model, Path(scratch) / _MODEL)
            _REDUCE[dtype](Path(scratch) / _MODEL, artefacts / _MODEL, model.inputs)
        _require_few_bits(artefacts / _MODEL)

    def open(self, artefacts: Path, dtype: str) -> Loaded:
        """A session with ONNX Runtime's default optimisations."""
        return self._open(artefacts / _MODEL, artefacts)

    def _open(self, model: Path, artefacts: Path) -> Loaded:
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        inputs, facts = stored_inputs(artefacts), {"threads": str(threads()), "spinning": "off", "optimisation": "all"}
        return Loaded(
            _call(_session(model, _options())),
            inputs,
            facts=facts,
            graph=model,
            parts=lambda passes: _parts(model, inputs, passes),
        )

    def made(self, artefacts: Path) -> dict[str, str]:
        """How the graph is quantised, where it is."""
        import onnx

        kinds = {node.op_type for node in onnx.load(str(artefacts / _MODEL), load_external_data=False).graph.node}
        return next(({"quantisation": said} for kind, said in _QUANTISED.items() if kind in kinds), {})

    def weight_bytes(self, artefacts: Path) -> int:
        """Of the initialisers."""
        import onnx

        graph = onnx.load(str(artefacts / _MODEL)).graph
        return sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in graph.initializer)


def _export(model: Model, path: Path) -> None:
    import torch

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(model.module.eval(), model.inputs, path, dynamo=True, external_data=True, verbose=False)


def _to_int8(single: Path, reduced: Path, inputs: tuple[Any, ...]) -> None:
    """Static where there are convolutions, dynamic elsewhere, as ONNX Runtime's guide to quantisation has it."""
    import onnx

    convolves = any(node.op_type == "Conv" for node in onnx.load(str(single), load_external_data=False).graph.node)
    if convolves:
        _static(single, reduced, inputs)
    else:
        _dynamic(single, reduced)


def _dynamic(single: Path, reduced: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(single), str(reduced), weight_type=QuantType.QUInt8)


def _static(single: Path, reduced: Path, inputs: tuple[Any, ...]) -> None:
    """A scale for each filter, ranges of activations as the inputs give them."""
    from onnxruntime.quantization import QuantType, quantize_static

    quantize_static(str(single), str(reduced), _Once(single, inputs), weight_type=QuantType.QInt8, per_channel=True)


class _Once:
    """The inputs, one time, as ONNX Runtime's calibration asks for them."""

    def __init__(self, model: Path, inputs: tuple[Any, ...]) -> None:
        names = [given.name for given in _session(model, _options()).get_inputs()]
        self._left = [dict(zip(names, (tensor.numpy() for tensor in inputs), strict=True))]

    def get_next(self) -> dict[str, Any] | None:
        return self._left.pop() if self._left else None


def _to_int4(single: Path, reduced: Path, _inputs: tuple[Any, ...]) -> None:
    """In blocks of 32 weights with a scale each."""
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantiser = MatMulNBitsQuantizer(onnx.load(str(single)), block_size=_BLOCK, is_symmetric=True)
    quantiser.process()
    quantiser.model.save_model_to_file(str(reduced))


_REDUCE = {"int8": _to_int8, "int4": _to_int4}


def _require_few_bits(model: Path) -> None:
    """Raises NotSupported where no matrix or filter is in few bits: it would be float32 under another name."""
    import onnx

    weights = onnx.load(str(model)).graph.initializer
    if not any(t.data_type in {onnx.TensorProto.UINT8, onnx.TensorProto.INT8} and len(t.dims) > 1 for t in weights):
        raise NotSupported("ONNX Runtime finds no weights in it to store in so few bits")


def _session(model: Path, options: Any) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _call(session: Any) -> Callable[..., list[Any]]:
    names = [given.name for given in session.get_inputs()]

    def call(*inputs: Any) -> list[Any]:
        outputs: list[Any] = session.run(None, dict(zip(names, inputs, strict=True)))
        return outputs

    return call


def _options() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _parts(model: Path, inputs: tuple[Any, ...], passes: int) -> list[list[Part]]:
    """The nodes of the graph as it was optimised, from ONNX Runtime's own profile; a first pass warms up."""
    options = _options()
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = _session(model, options)
        call = _call(session)
        for _ in range(passes + 1):
            call(*inputs)
        events = json.loads(Path(session.end_profiling()).read_text())
    nodes = [_part(e) for e in events if e["cat"] == "Node" and e["name"].endswith(_NODE_TIME)]
    size, rest = divmod(len(nodes), passes + 1)
    if rest:
        raise RuntimeError("ONNX Runtime's profile has not the same nodes in each pass")
    return [nodes[start : start + size] for start in range(size, len(nodes), size)]


def _part(event: dict[str, Any]) -> Part:
    said = event["args"]
    return Part(
        name=event["name"].removesuffix(_NODE_TIME),
        kind=said["op_name"],
        seconds=event["dur"] / 1e6,
        inputs=_shapes(said["input_type_shape"]),
        outputs=_shapes(said["output_type_shape"]),
        read_bytes=int(said["activation_size"]),
        written_bytes=int(said["output_size"]),
        weight_bytes=int(said["parameter_size"]),
    )


def _shapes(said: list[dict[str, list[int]]]) -> tuple[Shape, ...]:
    """Of ``[{"float": [1, 3]}, {}]``, where an input that is left out has none."""
    return tuple(tuple(shape) for given in said for shape in given.values())
