"""One call of an operator, what class it is of, and the sum over a step's calls. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.model.features import CLASSES, GEMV_ROWS, ClassWork, Features, OperatorClass
from harness.stats.stopping import median


class NotCounted(Exception):  # noqa: N818 - it names what happened
    """Why the operators of a work cannot be counted."""


@dataclass(frozen=True)
class Operator:
    """One call. ``kind`` None: it moves no data, such as a view. Bytes and FLOP as ``ClassWork`` has them."""

    kind: OperatorClass | None
    flop: int = 0
    weight_bytes: int = 0
    activation_bytes: int = 0
    seconds: float = 0.0
    name: str = ""
    shapes: str = ""
    parts: int = 1
    """1, or 0 for the second share of one call."""


@dataclass(frozen=True)
class Counted:
    """A step's calls, in each of some passes over it, and by what means they were counted."""

    passes: tuple[tuple[Operator, ...], ...]
    how: str
    times: int = 1
    """So many times a step runs them."""


@dataclass(frozen=True)
class Convolution:
    """A convolution's shape: channels of the whole, kernel sizes by dimension, elements of one channel's output.

    ``elements`` counts all samples; of a transposed one it is those of the input.
    """

    inputs: int
    outputs: int
    groups: int
    kernel: tuple[int, ...]
    elements: int
    plain: bool = True
    """Stride and dilation are 1."""
    transposed: bool = False

    @property
    def kind(self) -> OperatorClass:
        """Its class."""
        if self.groups > 1:
            return "dwconv" if self.groups == self.inputs == self.outputs else "gconv"
        if self.transposed:
            return "conv_other"
        if set(self.kernel) == {1}:
            return "conv1x1"
        return "conv3x3" if self.kernel == (3, 3) and self.plain else "conv_other"

    @property
    def flop(self) -> int:
        """Multiply-adds times 2; the bias is not counted."""
        return 2 * self.elements * self.outputs * self.inputs // self.groups * math.prod(self.kernel)


def product(rows: int, inner: int, columns: int, batch: int = 1) -> tuple[OperatorClass, int]:
    """Class and FLOP of ``batch`` matrix products."""
    return "gemv" if min(rows, columns) <= GEMV_ROWS else "gemm", 2 * batch * rows * inner * columns


def attention(heads: int, queries: int, keys: int, width: int, value_width: int) -> int:
    """FLOP of scaled dot product attention over all ``heads`` (samples times heads), no mask taken into account."""
    return 2 * heads * queries * keys * (width + value_width)


def summed(counted: Counted, step_seconds: float | None) -> Features:
    """Classes of one step: counts of the last pass, the median over the passes of each class's seconds.

    ``step_seconds`` is the step's own time: what operators leave of it is dispatch. Raises NotCounted where the passes
    do not consist of the same calls.
    """
    if len({tuple((o.kind, o.flop) for o in one) for one in counted.passes}) != 1:
        raise NotCounted("the step runs other operators each time")
    last = counted.passes[-1]
    classes = [_work(kind, counted, last) for kind in CLASSES if any(o.kind == kind for o in last)]
    dispatch = ClassWork("dispatch", counted.times * sum(o.parts for o in last))
    spent = sum(work.seconds or 0.0 for work in classes)
    rest = None if step_seconds is None or step_seconds <= spent else step_seconds - spent
    return Features((*classes, ClassWork("dispatch", dispatch.calls, seconds=rest)), counted.how)


def _work(kind: OperatorClass, counted: Counted, last: Sequence[Operator]) -> ClassWork:
    own, times = [o for o in last if o.kind == kind], counted.times

    def total(figure: Callable[[Operator], int]) -> int:
        return times * sum(map(figure, own))

    return ClassWork(
        kind,
        calls=total(lambda o: o.parts),
        flop=total(lambda o: o.flop),
        weight_bytes=total(lambda o: o.weight_bytes),
        activation_bytes=total(lambda o: o.activation_bytes),
        seconds=times * median([_seconds(one, kind) for one in counted.passes]),
    )


def _seconds(operators: Iterable[Operator], kind: OperatorClass) -> float:
    return sum(o.seconds for o in operators if o.kind == kind)
