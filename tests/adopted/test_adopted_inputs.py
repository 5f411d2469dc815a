"""A model's word on its inputs and the user's, put together."""

from __future__ import annotations

import numpy
import pytest

from harness.adopted.inputs import Declared, arrays, settle, tensors
from harness.errors import UserError
from harness.model.inquiry import GivenInput
from harness.model.own import Input

IMAGE = Declared("image", ("batch", 3, 32, 32), "float32")
MASK = Declared("mask", (1, 8), "bool")


def test_what_the_model_says_is_taken_where_nothing_is_given() -> None:
    assert settle([MASK], []) == (Input("mask", (1, 8), "bool"),)


def test_an_open_shape_is_named_with_what_to_write() -> None:
    with pytest.raises(UserError, match=r"open: image \(batchx3x32x32\)") as caught:
        settle([IMAGE, MASK], [])
    assert caught.value.hint == "give it, such as --input image=1x3x32x32:float32"


def test_all_open_shapes_are_named_at_once() -> None:
    with pytest.raises(UserError, match=r"open: ids \(nx\?\), any \(of any rank\)") as caught:
        settle([Declared("ids", ("n", None), "int64"), Declared("any", None, None)], [])
    assert "--input ids=1x128:int64 --input any=1x128:float32" in caught.value.hint


def test_a_given_shape_closes_it_and_takes_the_dtype_of_the_model() -> None:
    assert settle([IMAGE], [GivenInput("image", (4, 3, 32, 32))]) == (Input("image", (4, 3, 32, 32), "float32"),)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (GivenInput("picture", (1,)), "has no input 'picture'"),
        (GivenInput("image", (1, 1, 32, 32)), "is batchx3x32x32, not 1x1x32x32"),
        (GivenInput("image", (1, 3, 32)), "is batchx3x32x32, not 1x3x32"),
        (GivenInput("image", (1, 3, 32, 32), "int64"), "is float32, not int64"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(given: GivenInput, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        settle([IMAGE], [given])
    assert caught.value.hint


def test_arrays_have_shape_and_dtype_and_repeat_with_the_seed() -> None:
    inputs = [Input("x", (2, 3), "float32"), Input("ids", (50,), "int64", 7), Input("n", (), "int32")]
    first, again, other = arrays(inputs, 1), arrays(inputs, 1), arrays(inputs, 2)
    assert [(a.shape, str(a.dtype)) for a in first] == [((2, 3), "float32"), ((50,), "int64"), ((), "int32")]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first[0] != other[0]).any()
    assert first[1].min() >= 0
    assert 1 < first[1].max() < 7


def test_integers_without_a_bound_are_one_and_truth_values_true() -> None:
    ids, mask = arrays([Input("ids", (3,), "int64"), Input("mask", (2,), "bool")], 0)
    assert (ids == 1).all()
    assert mask.all()


def test_bfloat16_exists_as_a_tensor_only() -> None:
    inputs = [Input("x", (2,), "bfloat16")]
    (tensor,) = tensors(inputs, 0)
    assert str(tensor.dtype) == "torch.bfloat16"
    assert numpy.isfinite(tensor.float().numpy()).all()
    with pytest.raises(UserError, match="bfloat16"):
        arrays(inputs, 0)
