"""What ``--input`` says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import own
from harness.errors import UserError
from harness.model.inquiry import GivenInput
from harness.own.inputs import DTYPES

SHAPES = st.lists(st.integers(1, 9999), max_size=6).map(tuple)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="="), min_size=1)


def test_shape_dtype_and_bound_are_read() -> None:
    asked = ("x=1x3x224x224:float32", "ids=1x128:int64:30522", "scale=scalar", "onnx::Conv_1=7")
    assert own.parse(asked) == (
        GivenInput("x", (1, 3, 224, 224), "float32"),
        GivenInput("ids", (1, 128), "int64", 30522),
        GivenInput("scale", ()),
        GivenInput("onnx::Conv_1", (7,)),
    )


@given(NAMES, SHAPES, st.sampled_from([None, *DTYPES]))
def test_what_is_spelt_is_read_as_it_was(name: str, shape: tuple[int, ...], dtype: str | None) -> None:
    asked = GivenInput(name, shape, dtype)
    assert own.parse([f"{name}={asked.spelt}"]) == (asked,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "cannot be read"),
        ("x=", "cannot be read"),
        ("=1x3", "cannot be read"),
        ("x=1,3,224", "cannot be read"),
        ("x=1x-3", "cannot be read"),
        ("x=1x0x3", "has a size of 0"),
        ("x=1x3:float", "no data type is called float"),
        ("x=1x3:float32:5", "only integers are drawn below"),
        ("x=1x3:int64:0", "only integers are drawn below"),
    ],
)
def test_what_cannot_be_read_says_how_to_write_it(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        own.parse([text])
    assert caught.value.hint


def test_an_input_is_given_once() -> None:
    with pytest.raises(UserError, match="--input x is given twice"):
        own.parse(["x=1", "x=2"])
