"""Outputs held against each other."""

from __future__ import annotations

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.rehearsal.outputs import difference, flat

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8)


@given(NUMBERS)
def test_equal_outputs_do_not_differ(numbers: list[float]) -> None:
    assert difference(flat({"a": numbers}), flat({"a": list(numbers)})) is None


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "int64", "bool"])
def test_tensors_of_every_type_are_compared(dtype: str) -> None:
    tensor = torch.ones(4, dtype=getattr(torch, dtype))
    assert difference(flat([tensor]), flat([tensor.clone()])) is None
    other = tensor.clone()
    other[2] = 0
    assert "output[0] differs by 1.0e+00" in str(difference(flat([tensor]), flat([other])))


def test_what_sums_in_another_order_does_is_no_difference() -> None:
    numbers = numpy.linspace(1, 2, 10, dtype="float32")
    assert difference(flat(numbers), flat(numbers * (1 + 2e-7))) is None


def test_another_shape_or_number_of_arrays_is_a_difference() -> None:
    assert "2x3 and then 3x2" in str(difference(flat(numpy.ones((2, 3))), flat(numpy.ones((3, 2)))))
    assert difference(flat([1.0]), flat([1.0, 2.0])) == "1 and 2 arrays"


def test_a_copy_keeps_nothing_alive() -> None:
    tensor = torch.ones(3)
    kept = flat(tensor)
    tensor[0] = 7
    assert kept[0][1][0] == 1
