"""Classes, their work, and the sum over a step: arithmetic alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.features.operators import Convolution, Counted, NotCounted, Operator, attention, product, summed
from harness.model import codec
from harness.model.features import CLASSES, GEMV_ROWS, ClassWork, Features


def convolution(inputs: int, outputs: int, groups: int, kernel: tuple[int, ...], **more: bool) -> Convolution:
    return Convolution(inputs, outputs, groups, kernel, elements=100, **more)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (convolution(8, 16, 1, (1, 1)), "conv1x1"),
        (convolution(8, 16, 1, (1, 1), plain=False), "conv1x1"),
        (convolution(8, 16, 1, (1,)), "conv1x1"),
        (convolution(8, 16, 1, (3, 3)), "conv3x3"),
        (convolution(8, 16, 1, (3, 3), plain=False), "conv_other"),
        (convolution(8, 16, 1, (3,)), "conv_other"),
        (convolution(8, 16, 1, (7, 7)), "conv_other"),
        (convolution(8, 16, 1, (3, 3), transposed=True), "conv_other"),
        (convolution(8, 8, 8, (3, 3)), "dwconv"),
        (convolution(8, 8, 8, (1, 1)), "dwconv"),
        (convolution(8, 16, 8, (3, 3)), "gconv"),
        (convolution(8, 16, 2, (1, 1)), "gconv"),
    ],
)
def test_a_convolutions_class_follows_from_its_shape(made: Convolution, kind: str) -> None:
    assert made.kind == kind


def test_a_convolution_counts_two_for_each_multiply_add() -> None:
    assert convolution(8, 16, 1, (3, 3)).flop == 2 * 100 * 16 * 8 * 9
    assert convolution(8, 16, 2, (3, 3)).flop == 2 * 100 * 16 * 4 * 9


def test_a_product_of_few_rows_or_columns_is_a_gemv() -> None:
    assert product(GEMV_ROWS, 64, 32) == ("gemv", 2 * GEMV_ROWS * 64 * 32)
    assert product(100, 64, GEMV_ROWS)[0] == "gemv"
    assert product(GEMV_ROWS + 1, 64, 32, batch=3) == ("gemm", 3 * 2 * (GEMV_ROWS + 1) * 64 * 32)


def test_attention_is_two_products() -> None:
    assert attention(heads=2, queries=5, keys=7, width=8, value_width=4) == 2 * 2 * 5 * 7 * (8 + 4)


def step(seconds: float = 1.0) -> tuple[Operator, ...]:
    return (
        Operator("gemm", 10, 4, 8, seconds),
        Operator("gemm", 20, 4, 8, seconds, parts=0),
        Operator(None, seconds=0.5),
        Operator("elementwise", 0, 0, 6, 0.25),
    )


def test_classes_are_sums_and_views_are_only_dispatched() -> None:
    found = summed(Counted((step(),), "so"), step_seconds=3.0)
    assert found.classes == (
        ClassWork("gemm", 1, 30, 8, 16, 2.0),
        ClassWork("elementwise", 1, 0, 0, 6, 0.25),
        ClassWork("dispatch", 3, seconds=0.75),
    )
    assert (found.flop, found.weight_bytes, found.activation_bytes) == (30, 8, 22)
    assert found.find("dwconv") == ClassWork("dwconv", 0)


def test_a_classs_time_is_the_median_of_the_passes() -> None:
    found = summed(Counted((step(1.0), step(9.0), step(2.0)), "so"), None)
    assert found.find("gemm").seconds == 4.0
    assert found.find("dispatch").seconds is None


def test_a_step_that_calls_the_model_twice_has_twice_the_work() -> None:
    once, twice = (summed(Counted((step(),), "so", times), None) for times in (1, 2))
    assert twice.flop == 2 * once.flop
    assert [work.calls for work in twice.classes] == [2 * work.calls for work in once.classes]
    assert twice.find("gemm").seconds == 4.0


def test_where_operators_took_longer_than_the_step_dispatch_has_no_time() -> None:
    assert summed(Counted((step(),), "so"), step_seconds=2.0).find("dispatch").seconds is None


def test_passes_of_other_operators_are_not_added_up() -> None:
    with pytest.raises(NotCounted, match="other operators each time"):
        summed(Counted((step(), step()[:1]), "so"), None)


WORK = st.builds(
    ClassWork,
    kind=st.sampled_from(CLASSES),
    calls=st.integers(0, 10**6),
    flop=st.integers(0, 10**15),
    weight_bytes=st.integers(0, 10**13),
    activation_bytes=st.integers(0, 10**13),
    seconds=st.none() | st.floats(0, 1e6),
)


@given(st.builds(Features, classes=st.lists(WORK).map(tuple), how=st.text(), seconds_missing=st.none() | st.text()))
def test_features_are_read_as_they_were_written(features: Features) -> None:
    assert codec.decode(codec.encode(features), Features) == features
