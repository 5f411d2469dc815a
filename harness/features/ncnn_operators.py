"""The layers of an ncnn net: what they are from its .param file, their shapes and times from a run layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.features.operators import Convolution, Counted, NotCounted, Operator, attention, product
from harness.model.features import OperatorClass
from harness.runtimes import Part

HOW = (
    "ncnn's net run a layer at a time; the time of a MultiHeadAttention is shared out between its products and its "
    "attention by FLOP"
)

Options = dict[int, str]
"""A layer's options by their numbers, as the .param file has them."""

_VIEWS = {"Input", "Split", "Noop"}
_CONVOLUTIONS = {
    "Convolution": 2, "ConvolutionDepthWise": 2, "Deconvolution": 2, "DeconvolutionDepthWise": 2,
    "Convolution1D": 1, "ConvolutionDepthWise1D": 1, "Convolution3D": 3, "ConvolutionDepthWise3D": 3,
}  # fmt: skip
"""Layer -> number of dimensions that its kernel has."""
_NORMS = {"BatchNorm": 4, "LayerNorm": 2, "RMSNorm": 1, "PReLU": 1, "Scale": 1}
"""Layer -> numbers that it keeps for each channel, which its option 0 counts."""
_NOT_KNOWN = {"LSTM", "GRU", "RNN", "Einsum", "DeformableConv2D", "GroupedQueryAttention"}


def count(graph: Path, parts: Callable[[int], list[list[Part]]], passes: int, times: int, half: bool) -> Counted:
    """Run the net so many times. ``times`` is how often a step calls it; ``half``: it keeps weights in 2 bytes."""
    options = read(graph.read_text().splitlines())
    passed = tuple(
        tuple(o for p in one for o in _operators(p, options[p.name], 2 if half else 4)) for one in parts(passes)
    )
    return Counted(passed, HOW, times)


def read(lines: Iterable[str]) -> dict[str, Options]:
    """The options of each layer by its name, from the lines of a .param file."""
    found = {}
    for line in list(lines)[2:]:
        words = line.split()
        ends = 4 + int(words[2]) + int(words[3])
        found[words[1]] = {int(k): v for k, _, v in (word.partition("=") for word in words[ends:])}
    return found


def _operators(part: Part, options: Options, size: int) -> list[Operator]:
    """A layer's operator: two of them where it multiplies and attends. ``size`` is that of a weight in bytes."""
    if part.kind in _NOT_KNOWN:
        raise NotCounted(f"its net has a layer {part.kind}, which this version does not count")
    if part.kind in _VIEWS:
        return [Operator(None, seconds=part.seconds, name=part.kind)]
    if part.kind == "MultiHeadAttention":
        return _multi_head(part, options, size)
    kind, flop, weights = _work(part, options)
    moved = part.read_bytes + part.written_bytes
    shapes = " ".join(str(shape) for shape in part.inputs)
    return [Operator(kind, flop, size * weights, moved, part.seconds, part.kind, shapes)]


def _work(part: Part, options: Options) -> tuple[OperatorClass, int, int]:
    """Class, FLOP, and how many weights are read."""
    if part.kind in _CONVOLUTIONS:
        made = _convolution(part, options)
        return made.kind, made.flop, _int(options, 6) + made.outputs * _int(options, 5)
    if part.kind == "InnerProduct":
        outputs, size = _int(options, 0), _int(options, 2)
        rows = math.prod(part.outputs[0]) // outputs
        return *product(rows, size // outputs, outputs), size + outputs * _int(options, 1)
    if part.kind == "Gemm":
        return _gemm(part, options)
    if part.kind == "MatMul":
        return *_matmul(part), 0
    if part.kind == "SDPA":
        query, key, value = part.inputs[:3]
        heads = math.prod(query[:-2])
        return "attention", attention(heads, query[-2], key[-2], query[-1], value[-1]), 0
    return "elementwise", 0, _plain_weights(part, options)


def _convolution(part: Part, options: Options) -> Convolution:
    outputs, dimensions = _int(options, 0), _CONVOLUTIONS[part.kind]
    transposed = part.kind.startswith("Deconvolution")
    spread = part.inputs[0] if transposed else part.outputs[0]
    return Convolution(
        inputs=part.inputs[0][1],
        outputs=outputs,
        groups=_int(options, 7, 1),
        kernel=_sizes(options, 1, dimensions),
        elements=math.prod(spread) // spread[1],
        plain=set(_sizes(options, 2, dimensions) + _sizes(options, 3, dimensions)) == {1},
        transposed=transposed,
    )


def _sizes(options: Options, number: int, dimensions: int) -> tuple[int, ...]:
    """A size along each dimension: options N, 10 + N and 20 + N, the first standing for those that are left out."""
    first = _int(options, number, 1)
    return tuple(_int(options, number + 10 * d, first) for d in range(dimensions))


def _gemm(part: Part, options: Options) -> tuple[OperatorClass, int, int]:
    """Options: 2, 3 left and right are transposed; 4, 5 they are constants, 6 what is added is; 8, 9 columns, inner."""
    constant = _int(options, 4), _int(options, 5)
    inner = _int(options, 9)
    if not all(constant) and part.inputs:
        given = part.inputs[0]
        across = _int(options, 2) if not constant[0] else 1 - _int(options, 3)
        inner = given[-2] if across else given[-1]
    elements = math.prod(part.outputs[0])
    columns = _int(options, 8) or part.outputs[0][-1]
    rows = elements // columns
    weights = constant[0] * rows * inner + constant[1] * columns * inner + (columns if _int(options, 6) else 0)
    return *product(rows, inner, columns), weights


def _matmul(part: Part) -> tuple[OperatorClass, int]:
    made, inner = part.outputs[0], part.inputs[0][-1]
    rows, columns = (made[-2], made[-1]) if len(made) > 2 else (1, made[-1])
    return product(rows, inner, columns, math.prod(made) // (rows * columns))


def _multi_head(part: Part, options: Options, size: int) -> list[Operator]:
    """Options: 0 width, 1 heads, 2 size of the query's matrix, 3, 4 widths of key and value. Biases are weights."""
    inner, heads = _int(options, 0), _int(options, 1)
    outer = _int(options, 2) // inner
    key_width, value_width = _int(options, 3, inner), _int(options, 4, inner)
    queries = part.inputs[0][-2]
    keys = part.inputs[1][-2] if len(part.inputs) > 1 else queries
    samples = part.inputs[0][0]
    made = 2 * samples * inner * (2 * queries * outer + keys * (key_width + value_width))
    attended = attention(samples * heads, queries, keys, inner // heads, inner // heads)
    weights = inner * (2 * outer + key_width + value_width + 3) + outer
    share = made / (made + attended)
    moved = part.read_bytes + part.written_bytes
    return [
        Operator("gemm", made, size * weights, moved, part.seconds * share, part.kind),
        Operator("attention", attended, seconds=part.seconds * (1 - share), name=part.kind, parts=0),
    ]


def _plain_weights(part: Part, options: Options) -> int:
    """Of norms by their channels; of a table what is looked up; a constant is its own output."""
    if part.kind == "Embed":
        return math.prod(part.outputs[0])
    return _NORMS.get(part.kind, 0) * _int(options, 0)


def _int(options: Options, number: int, default: int = 0) -> int:
    return int(float(options.get(number, default)))
