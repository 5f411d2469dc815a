"""What counts as eager's output."""

from __future__ import annotations

import math

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.model.workload import Model
from harness.runtimes import WrongOutput
from harness.runtimes.agreement import arrays, difference, eager, judge

numbers = st.lists(st.floats(-1e6, 1e6, width=32).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=8)


@given(numbers)
def test_an_output_agrees_with_itself(values: list[float]) -> None:
    found = [numpy.array(values, numpy.float32)]
    assert difference(found, found) == 0


@given(numbers, st.floats(0.01, 100))
def test_the_difference_is_relative_so_that_scale_does_not_matter(values: list[float], scale: float) -> None:
    expected = numpy.array(values)
    other = expected + 0.1 * numpy.abs(expected).max()
    assert difference([expected * scale], [other * scale]) == pytest.approx(0.1)


def test_the_worst_of_all_outputs_counts() -> None:
    one, two = numpy.ones(3), numpy.array([2.0, 4.0])
    assert difference([one, two], [one, numpy.array([2.0, 5.0])]) == 0.25


@pytest.mark.parametrize(
    "found", [[], [numpy.ones(2)], [numpy.array([1, math.nan, 1])], [numpy.array([1, math.inf, 1])]]
)
def test_another_shape_or_a_number_that_is_none_is_no_output_at_all(found: list[numpy.ndarray]) -> None:
    assert difference([numpy.ones(3)], found) == math.inf


def test_tensors_of_a_runtime_are_compared_as_arrays_are() -> None:
    assert difference([numpy.ones(3)], [torch.ones(3)]) == 0
    assert difference([numpy.ones(0)], [torch.ones(0)]) == 0


def test_eagers_outputs_come_flat_in_order_and_in_float32() -> None:
    class Nested(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor | tuple[torch.Tensor, ...]]:
            return {"first": x, "rest": (x + 1, x + 2)}

    found = eager(Model(Nested(), (torch.zeros(1, dtype=torch.bfloat16),)))
    assert [array.item() for array in found] == [0, 1, 2]
    assert {array.dtype.name for array in found} == {"float32"}
    assert arrays(torch.ones(2))[0].tolist() == [1, 1]


def test_too_large_a_difference_is_one_clear_line() -> None:
    judge("mine", 1e-4, 1e-4)
    with pytest.raises(WrongOutput) as caught:
        judge("mine", 0.25, 1e-4)
    assert caught.value.line == (
        "the output of mine differs from eager by 2.50e-01, and at most 1e-04 of eager's largest output is accepted "
        "(nothing of it was timed)"
    )
    with pytest.raises(WrongOutput, match="has other shapes than eager's or is not finite"):
        judge("mine", math.inf, 1.0)
