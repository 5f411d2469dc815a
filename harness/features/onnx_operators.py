"""ONNX Runtime's work: FLOP and weights from the exported graph; calls, activations and times from its own profile.

The graph that runs is another one: operators are fused, and channels padded to what the processor's registers hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.features.operators import Convolution, Counted, NotCounted, Operator, product
from harness.model.features import OperatorClass
from harness.runtimes import Part, Shape

HOW = (
    "FLOP and weights of the exported graph; calls, activations and times, in whole microseconds, of ONNX Runtime's "
    "profile of the graph as it optimised it"
)

_VIEWS = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"}
_PRODUCTS = {"MatMul", "FusedMatMul", "Gemm", "FusedGemm"}
_CONVOLUTIONS = {"Conv", "FusedConv", "ConvTranspose"}
_TABLES = {"Gather", "GatherElements", "GatherND"}
_NOT_KNOWN = {
    "Attention", "MultiHeadAttention", "GroupQueryAttention", "PackedMultiHeadAttention", "QAttention", "LSTM", "GRU",
    "RNN", "DynamicQuantizeLSTM", "QLinearConv", "ConvInteger", "MatMulInteger", "QLinearMatMul", "MatMulNBits",
    "DynamicQuantizeMatMul", "QGemm", "Einsum", "If", "Loop", "Scan",
}  # fmt: skip
"""Nodes with work inside that this does not count."""

Spaces = dict[tuple[Shape, ...], Any]
"""What only the exported graph knows of a convolution. By height and width of its input, kernel and output, which
padded channels leave as they are: whether stride and dilation are 1. By its input's and output's shapes: its class,
for one whose weights were packed and so have no shape in the profile."""


def count(
    graph: Path, parts: Callable[[int], list[list[Part]]], passes: int, times: int, inputs: Sequence[Shape] = ()
) -> Counted:
    """Profile the model so many times. ``times`` is how often a step calls it. Raises NotCounted.

    ``inputs`` are the shapes that it is called with, for a graph that leaves them open.
    """
    exported = _Exported.read(graph, inputs)
    work, spaces = exported.work(), exported.spaces()
    passed = (tuple(_as_run(part, spaces) for part in one) for one in parts(passes))
    return Counted(tuple((*work, *one) for one in passed), HOW, times)


def _known(kind: str) -> str:
    if kind in _NOT_KNOWN:
        raise NotCounted(f"its graph has a node {kind}, which this version does not count")
    return kind


@dataclass(frozen=True)
class _Exported:
    """The graph as it was exported, with the shapes of all values and the bytes of the constants."""

    nodes: tuple[Any, ...]
    shapes: dict[str, Shape]
    constants: dict[str, int]

    @classmethod
    def read(cls, path: Path, inputs: Sequence[Shape] = ()) -> _Exported:
        """Without the weights themselves."""
        import onnx

        model = onnx.load(str(path), load_external_data=False)
        _close(model.graph, inputs)
        graph = onnx.shape_inference.infer_shapes(model, data_prop=bool(inputs)).graph
        values = (*graph.input, *graph.output, *graph.value_info)
        shapes = {v.name: shape for v in values if (shape := _closed(v)) is not None}
        sizes = {t.name: _item_bytes(t) * math.prod(t.dims) for t in graph.initializer}
        return cls(tuple(graph.node), {**shapes, **{t.name: tuple(t.dims) for t in graph.initializer}}, sizes)

    def work(self) -> list[Operator]:
        """FLOP and weights of each node that has any; calls and times are not the graph's to say."""
        nodes = [node for node in self.nodes if _known(node.op_type) not in _VIEWS]
        found = [Operator(*self._class(node), self._weights(node), parts=0) for node in nodes]
        return [operator for operator in found if operator.flop or operator.weight_bytes]

    def spaces(self) -> Spaces:
        """Of all convolutions."""
        found: Spaces = {}
        for node in self.nodes:
            if node.op_type in _CONVOLUTIONS:
                given, weight, made = self._ends(node)
                found[given[2:], weight[2:], made[2:]] = self._is_plain(node)
                found[given, made] = self._class(node)[0]
        return found

    def _class(self, node: Any) -> tuple[OperatorClass, int]:
        if node.op_type in _CONVOLUTIONS:
            made = _convolution(node.op_type, *self._ends(node), plain=self._is_plain(node))
            return made.kind, made.flop
        if node.op_type in _PRODUCTS:
            return _product(self._shape(node.input[1]), self._shape(node.output[0]))
        return "elementwise", 0

    def _weights(self, node: Any) -> int:
        """Bytes of constants that the node reads: of a table, what is looked up."""
        read = sum(self.constants.get(name, 0) for name in node.input)
        if node.op_type not in _TABLES:
            return read
        return min(read, 4 * math.prod(self._shape(node.output[0])))

    def _ends(self, node: Any) -> tuple[Shape, Shape, Shape]:
        return self._shape(node.input[0]), self._shape(node.input[1]), self._shape(node.output[0])

    def _is_plain(self, node: Any) -> bool:
        steps = [n for a in node.attribute if a.name in {"strides", "dilations"} for n in a.ints]
        return set(steps) <= {1}

    def _shape(self, name: str) -> Shape:
        if name not in self.shapes:
            raise NotCounted(f"the graph does not say what shape {name} has")
        return self.shapes[name]


def _close(graph: Any, inputs: Sequence[Shape]) -> None:
    """Put sizes where the graph leaves the shape of an input open."""
    constants = {tensor.name for tensor in graph.initializer}
    for value, shape in zip((v for v in graph.input if v.name not in constants), inputs, strict=False):
        for dimension, size in zip(value.type.tensor_type.shape.dim, shape, strict=False):
            dimension.dim_value = size


def _closed(value: Any) -> Shape | None:
    """The shape of a value, None where a size of it is not known."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape") or any(d.WhichOneof("value") != "dim_value" for d in tensor.shape.dim):
        return None
    return tuple(d.dim_value for d in tensor.shape.dim)


def _item_bytes(tensor: Any) -> int:
    from onnx.helper import tensor_dtype_to_np_dtype

    return int(tensor_dtype_to_np_dtype(tensor.data_type).itemsize)


def _convolution(kind: str, given: Shape, weight: Shape, made: Shape, plain: bool) -> Convolution:
    """Weights lie as (outputs, inputs a group, kernel), of a transposed one as (inputs, outputs a group, kernel)."""
    transposed = kind == "ConvTranspose"
    spread = given if transposed else made
    return Convolution(
        inputs=given[1],
        outputs=made[1],
        groups=(made if transposed else given)[1] // weight[1],
        kernel=weight[2:],
        elements=math.prod(spread) // spread[1],
        plain=plain,
        transposed=transposed,
    )


def _product(right: Shape, made: Shape) -> tuple[OperatorClass, int]:
    """Of a Gemm or MatMul, from the sizes alone, since a Gemm's matrices may lie transposed."""
    columns = made[-1] if len(right) > 1 and made else 1
    batch = math.prod(made[:-2]) if len(right) > 2 else 1
    return product(math.prod(made) // (columns * batch), math.prod(right[-2:]) // columns, columns, batch)


def _as_run(part: Part, spaces: Spaces) -> Operator:
    """A node of the profile. One of its own making is an elementwise one, such as a change of layout."""
    if _known(part.kind) in _VIEWS:
        return Operator(None, seconds=part.seconds, name=part.kind)
    moved = part.read_bytes + part.written_bytes
    return Operator(_class_as_run(part, spaces), 0, 0, moved, part.seconds, part.kind)


def _class_as_run(part: Part, spaces: Spaces) -> OperatorClass:
    given, *others = part.inputs
    made = part.outputs[0] if part.outputs else ()
    if part.kind in _CONVOLUTIONS:
        return _convolution_as_run(part.kind, given, others[0] if others else (), made, spaces)
    if part.kind not in _PRODUCTS:
        return "elementwise"
    batched = bool(others) and len(others[0]) > 2
    rows = made[-2] if batched else math.prod(made[:-1])
    return product(rows, 1, made[-1] if made else 1)[0]


def _convolution_as_run(kind: str, given: Shape, weight: Shape, made: Shape, spaces: Spaces) -> OperatorClass:
    if len(weight) < len(given):
        packed: OperatorClass = spaces.get((given, made), "conv_other")
        return packed
    plain = spaces.get((given[2:], weight[2:], made[2:]), False)
    return _convolution(kind, given, weight, made, plain).kind
