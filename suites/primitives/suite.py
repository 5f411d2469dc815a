"""Single operators in the sizes that real models have: what a device does best, and what it does badly.

Items are FLOP (2 a multiply-add) or bytes, so that throughput reads as FLOP/s or B/s.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from harness import Model, Place

from .base import _Primitive, filled, noise, sizes
from .memory import Copy, Dispatch, Elementwise, Triad

__all__ = ["Copy", "Dispatch", "Elementwise", "Triad"]


class _Product(_Primitive):
    def build(self, place: Place, shape: str) -> Model:
        """A linear layer without bias and its input: rows, inner size, columns."""
        from torch.nn import Linear

        rows, inner, columns = sizes(shape)
        return Model(filled(place, Linear(inner, columns, bias=False)), (noise(place, rows, inner),))


class Gemm(_Product):
    """Matrix products: square ones, and those of a transformer's layers."""

    name = "gemm"
    dtypes = ("float32", "bfloat16", "float16")
    parameters = {
        "shape": (
            "256-256-256", "512-512-512", "1024-1024-1024", "2048-2048-2048",
            "197-768-768", "197-768-3072", "197-3072-768", "16-2048-2048",
        )
    }  # fmt: skip
    quick = {"shape": "1024-1024-1024"}

    def items(self, shape: str) -> float:
        """FLOP of the product."""
        return 2.0 * math.prod(sizes(shape))


class Gemv(_Product):
    """A matrix times one row: writing a token, or a classifier's last layer. All of the matrix is read for it."""

    name = "gemv"
    parameters = {"shape": ("1-1280-1000", "1-2048-2048", "1-4096-4096", "1-2048-8192")}
    quick = {"shape": "1-4096-4096"}
    items_unit = "B"

    def items(self, shape: str) -> float:
        """Bytes of the matrix."""
        _, inner, columns = sizes(shape)
        return 4.0 * inner * columns


class _Convolution(_Primitive):
    kernel: ClassVar[int] = 3

    def shape(self, layer: str) -> tuple[int, int, int, int, int, int]:
        """Channels in, channels out, side of the map, groups, kernel, stride."""
        raise NotImplementedError

    def build(self, place: Place, layer: str) -> Model:
        """One convolution with bias and a padding that keeps the map's centre, and its input."""
        from torch.nn import Conv2d

        into, out, side, groups, kernel, stride = self.shape(layer)
        made = Conv2d(into, out, kernel, stride=stride, padding=kernel // 2, groups=groups)
        return Model(filled(place, made), (noise(place, 1, into, side, side),))

    def items(self, layer: str) -> float:
        """FLOP of the convolution, its bias left out."""
        into, out, side, groups, kernel, stride = self.shape(layer)
        edge = (side + 2 * (kernel // 2) - kernel) // stride + 1
        return 2.0 * edge**2 * out * into // groups * kernel**2


class _Channels(_Convolution):
    def shape(self, layer: str) -> tuple[int, int, int, int, int, int]:
        """Not grouped, stride 1."""
        into, out, side = sizes(layer)
        return into, out, side, 1, self.kernel, 1


class Conv1x1(_Channels):
    """Pointwise convolutions: channels in, channels out, side of the map."""

    name = "conv1x1"
    kernel = 1
    parameters = {"layer": ("64-256-56", "256-64-56", "96-24-56", "320-1280-7", "1024-256-14", "512-2048-7")}
    quick = {"layer": "1024-256-14"}


class Conv3x3(_Channels):
    """Stride 1, where Winograd's algorithm can do with fewer multiplications than are counted."""

    name = "conv3x3"
    parameters = {"layer": ("64-64-56", "128-128-28", "256-256-14", "512-512-7", "64-64-224")}
    quick = {"layer": "128-128-28"}


class ConvOther(_Convolution):
    """First layers and strided ones: channels in, channels out, side, kernel, stride."""

    name = "conv-other"
    parameters = {"layer": ("3-64-224-7-2", "3-32-224-3-2", "128-128-56-3-2", "256-512-14-3-2", "64-192-27-5-1")}
    quick = {"layer": "3-64-224-7-2"}

    def shape(self, layer: str) -> tuple[int, int, int, int, int, int]:
        """All but the groups are given."""
        into, out, side, kernel, stride = sizes(layer)
        return into, out, side, 1, kernel, stride


class Depthwise(_Convolution):
    """A 3 x 3 filter a channel: channels, side of the map."""

    name = "conv-depthwise"
    parameters = {"layer": ("32-112", "144-56", "384-14", "960-7")}
    quick = {"layer": "144-56"}

    def shape(self, layer: str) -> tuple[int, int, int, int, int, int]:
        """As many groups as channels."""
        channels, side = sizes(layer)
        return channels, channels, side, channels, 3, 1


class Grouped(_Convolution):
    """3 x 3 in groups: channels, side of the map, groups."""

    name = "conv-grouped"
    parameters = {"layer": ("96-27-2", "104-28-13", "208-14-26", "440-7-55")}
    quick = {"layer": "104-28-13"}

    def shape(self, layer: str) -> tuple[int, int, int, int, int, int]:
        """As many channels out as in."""
        channels, side, groups = sizes(layer)
        return channels, channels, side, groups, 3, 1


class Attention(_Primitive):
    """Scaled dot product attention without a mask: heads, positions, width of a head."""

    name = "attention"
    parameters = {"shape": ("12-197-64", "12-512-64", "32-128-64")}
    quick = {"shape": "12-197-64"}

    def build(self, place: Place, shape: str) -> Model:
        """The operator, with query, key and value."""
        from torch.nn import Module
        from torch.nn.functional import scaled_dot_product_attention

        class Attend(Module):
            def forward(self, query: Any, key: Any, value: Any) -> Any:
                return scaled_dot_product_attention(query, key, value)

        return Model(Attend().eval(), tuple(noise(place, 1, *sizes(shape)) for _ in range(3)))

    def items(self, shape: str) -> float:
        """FLOP of its two products."""
        heads, positions, width = sizes(shape)
        return 4.0 * heads * positions**2 * width
