"""A loaded ncnn net: called as a whole, or a layer at a time."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from typing import Any

from harness.runtimes import Part, Shape

_NO_BATCH = 233
"""What ncnn takes for an array without a batch dimension."""


@dataclass(frozen=True)
class Ends:
    """A net with the names and batch dimensions of its inputs and outputs."""

    net: Any
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, net: Any, example: str) -> Ends:
        """As pnnx's example of a call has them."""
        found = re.findall(r"\b(in\d+|out\d+)\.numpy\(.*?batch_index=(\d+)", example)
        batches = {name: int(index) for name, index in found}
        inputs, outputs = (
            tuple((name, batches.get(name, _NO_BATCH)) for name in names)
            for names in (net.input_names(), net.output_names())
        )
        return cls(net, inputs, outputs)

    def call(self, *arrays: Any) -> list[Any]:
        """The outputs for these inputs, all of them arrays."""
        extractor = self.begin(arrays)
        return [_extract(extractor, name, 0).numpy(batch_index=batch) for name, batch in self.outputs]

    def begin(self, arrays: tuple[Any, ...]) -> Any:
        """An extractor that has its inputs.

        They are clones: a first layer that works in place would write to the array, which ncnn does not own.
        """
        import ncnn

        extractor = self.net.create_extractor()
        for (name, batch), array in zip(self.inputs, arrays, strict=True):
            extractor.input(name, ncnn.Mat(_plain(array), batch_index=batch).clone())
        return extractor


def _extract(extractor: Any, blob: str | int, kind: int) -> Any:
    """A blob, computed where it is not there yet; of ``kind`` 0 as plain floats, of 1 as the layer left it."""
    code, mat = extractor.extract(blob, kind)
    if code:
        raise MemoryError("unable to allocate a blob") if code == -100 else RuntimeError(f"ncnn: {blob}: error {code}")
    return mat


def parts(ends: Ends, inputs: tuple[Any, ...]) -> list[Part]:
    """The net's layers, one after the other: to ask for a blob runs what is still missing, which is one layer.

    Nothing may hold an earlier blob meanwhile, or a layer that works in place would have to copy it first.
    """
    extractor, blobs = ends.begin(inputs), {}
    found = []
    for layer in ends.net.layers():
        start = time.perf_counter_ns()
        first = _extract(extractor, layer.tops[0], 1)
        seconds = (time.perf_counter_ns() - start) / 1e9
        blobs[layer.tops[0]] = _seen(first)
        del first
        blobs |= {top: _seen(_extract(extractor, top, 1)) for top in layer.tops[1:]}
        read, written = [blobs[b] for b in layer.bottoms], [blobs[t] for t in layer.tops]
        found.append(
            Part(
                name=layer.name,
                kind=layer.type,
                seconds=seconds,
                inputs=tuple(shape for shape, _ in read),
                outputs=tuple(shape for shape, _ in written),
                read_bytes=sum(size for _, size in read),
                written_bytes=sum(size for _, size in written),
            )
        )
    return found


def _seen(mat: Any) -> tuple[Shape, int]:
    """A blob's shape, number of samples first, and its bytes. ncnn packs several of the outermost into one element."""
    outer, *inner = {1: (mat.w,), 2: (mat.h, mat.w), 3: (mat.c, mat.h, mat.w), 4: (mat.c, mat.d, mat.h, mat.w)}[
        mat.dims
    ]
    shape = (mat.n, outer * mat.elempack, *inner)
    return shape, math.prod(shape) * mat.elemsize // mat.elempack


def _plain(array: Any) -> Any:
    """``array`` in one of the types that ncnn takes."""
    other = {"float16": "float32", "int64": "int32"}.get(array.dtype.name)
    return array.astype(other) if other else array
