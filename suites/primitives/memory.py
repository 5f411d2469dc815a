"""What moves data and computes little or nothing: elementwise operators, copies, and calls alone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

from harness import Model, Place

from .base import _Primitive, noise

MIB = 1 << 20
LEAST_MIB, MOST_MIB = 64, 1024


def beyond_cache(cpus: Path = Path("/sys/devices/system/cpu")) -> int:
    """Mebibytes that no cache here holds: four times all last-level caches, as a power of two from 64 to 1,024."""
    levels: dict[tuple[int, str], int] = {}
    for cache in cpus.glob("cpu[0-9]*/cache/index*"):
        level, shared, size = ((cache / name).read_text().strip() for name in ("level", "shared_cpu_list", "size"))
        levels[int(level), shared] = int(size.removesuffix("K")) * 1024
    last = max((level for level, _ in levels), default=0)
    total = sum(size for (level, _), size in levels.items() if level == last)
    return min(MOST_MIB, max(LEAST_MIB, 1 << math.ceil(math.log2(max(1, 4 * total / MIB)))))


class Elementwise(_Primitive):
    """What moves data and computes little, on a map of 64 x 112 x 112 (3.2 MB): read once, written once."""

    name = "elementwise"
    parameters = {"op": ("relu", "hardswish", "gelu", "softmax")}
    quick = {"op": "relu"}
    items_unit = "B"

    def build(self, place: Place, op: str) -> Model:
        """The operator and its input."""
        from torch.nn import GELU, Hardswish, ReLU, Softmax

        made = {"relu": ReLU(), "hardswish": Hardswish(), "gelu": GELU(), "softmax": Softmax(-1)}[op]
        return Model(made.eval(), (noise(place, 1, 64, 112, 112),))

    def items(self, op: str) -> float:
        """Bytes read and written."""
        return 2.0 * 4 * 64 * 112 * 112


class _Memory(_Primitive):
    """On arrays that no cache here holds; ``mib`` is what was found for this machine."""

    parameters = {"mib": (beyond_cache(),)}
    quick = {"mib": beyond_cache()}
    runtimes = ("torch-eager",)
    items_unit = "B"
    arrays: ClassVar[int]

    def build(self, place: Place, mib: int) -> Model:
        """The loop over arrays that are written in place, so that no step asks the kernel for pages."""
        return Model(self._loop(), tuple(noise(place, mib * MIB // 4) for _ in range(self.arrays)))

    def items(self, mib: int) -> float:
        """Bytes read and written."""
        return float(self.arrays * mib * MIB)

    def _loop(self) -> Any:
        raise NotImplementedError


class Copy(_Memory):
    """One array into another."""

    name = "copy"
    arrays = 2

    def _loop(self) -> Any:
        from torch.nn import Module

        class Loop(Module):
            def forward(self, target: Any, source: Any) -> Any:
                return target.copy_(source)[:8]

        return Loop()


class Triad(_Memory):
    """STREAM's triad: a = b + s c."""

    name = "triad"
    arrays = 3

    def _loop(self) -> Any:
        import torch

        class Loop(torch.nn.Module):
            def forward(self, a: Any, b: Any, c: Any) -> Any:
                return torch.add(b, c, alpha=3.0, out=a)[:8]

        return Loop()


class Dispatch(_Primitive):
    """Operators on four numbers, which take no time themselves: what a call of one costs."""

    name = "dispatch"
    parameters = {"calls": (256,)}
    quick = {"calls": 256}
    items_unit = "calls"

    def build(self, place: Place, calls: int) -> Model:
        """Absolute values and additions in turn, which no library folds into one."""
        from torch.nn import Module

        class Calls(Module):
            def forward(self, x: Any) -> Any:
                for _ in range(calls // 2):
                    x = x.abs() + 1.0
                return x

        return Model(Calls().eval(), (noise(place, 1, 4),))

    def items(self, calls: int) -> float:
        """Calls of an operator."""
        return float(calls)
