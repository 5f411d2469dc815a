"""What a workload's step is made of: its operators by class, their work, and their time on one thread of this host."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

OperatorClass = Literal[
    "conv1x1",
    "conv3x3",
    "conv_other",
    "dwconv",
    "gconv",
    "gemm",
    "gemv",
    "attention",
    "elementwise",
    "dispatch",
]
"""``conv1x1``: kernel of 1, ungrouped, whatever its stride. ``conv3x3``: kernel 3 x 3, stride and dilation 1, not
grouped: what Winograd's algorithm is for. ``conv_other``: any other ungrouped one, and transposed ones. ``dwconv``: a
filter a channel. ``gconv``: any other grouped one. ``gemm``: matrix product of more than ``GEMV_ROWS`` rows and
columns, batched or not. ``gemv``: of so many or fewer, which bytes bound. ``attention``: the operator that does all of
scaled dot product attention. ``elementwise``: all else that moves data, bound by bytes: activations, norms, pooling,
softmax, copies, look-ups in a table. ``dispatch``: every operator call, those that move no data (views) among them."""

COUNTED_RUNTIMES = frozenset({"torch-eager", "onnxruntime", "ncnn"})
"""Runtimes whose operators ``harness.features`` can count."""

GEMV_ROWS = 4

CLASSES: tuple[OperatorClass, ...] = (
    "conv1x1", "conv3x3", "conv_other", "dwconv", "gconv", "gemm", "gemv", "attention", "elementwise", "dispatch",
)  # fmt: skip


class ClassWork(Struct, frozen=True, omit_defaults=True):
    """One class of operators in one step. Of ``dispatch`` only ``calls`` and ``seconds`` say something."""

    kind: OperatorClass
    calls: int
    flop: int = 0
    """2 a multiply-add; those of elementwise operators are not counted."""
    weight_bytes: int = 0
    """Read, by each call anew: a weight that two calls use counts twice."""
    activation_bytes: int = 0
    """Read and written."""
    seconds: float | None = None
    """On one thread. Of ``dispatch``: calls that move no data, and what is left of the step's time beside all
    operators; None where their sum is not below it."""


class Features(Struct, frozen=True, omit_defaults=True):
    """The classes that occur, in the order of ``CLASSES``; ``dispatch`` is always the last one."""

    classes: tuple[ClassWork, ...]
    how: str
    """By what means operators were counted and timed, for people."""
    seconds_missing: str | None = None
    """Why classes have no time; None where they have."""

    def find(self, kind: OperatorClass) -> ClassWork:
        """The work of a class; of one that does not occur, no calls."""
        return next((work for work in self.classes if work.kind == kind), ClassWork(kind, 0))

    @property
    def flop(self) -> int:
        """Of all classes, 2 a multiply-add."""
        return sum(work.flop for work in self.classes)

    @property
    def weight_bytes(self) -> int:
        """Of all classes."""
        return sum(work.weight_bytes for work in self.classes)

    @property
    def activation_bytes(self) -> int:
        """Of all classes, read and written."""
        return sum(work.activation_bytes for work in self.classes)
