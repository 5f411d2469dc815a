"""A point that is named is taken, whether or not it is the quick one."""

from __future__ import annotations

import pytest

from harness import selection
from harness.errors import UserError
from harness.selection import Selection

LONG = "language/llama-100m-context[context=8192]"
"""A point of a workload that is in no quick selection."""


def ids(*names: str, quick: bool = False, matching: tuple[str, ...] = ()) -> list[str]:
    chosen, _ = selection.select(Selection(names, matching, quick=quick))
    return [choice.ref.id for choice in chosen]


def test_without_quick_every_point_or_the_named_one():
    assert ids("vision/resnet50") == ["vision/resnet50[batch=1]", "vision/resnet50[batch=8]"]
    assert ids("vision/resnet50[batch=8]") == ["vision/resnet50[batch=8]"]


def test_quick_takes_the_quick_point_and_those_that_are_named():
    assert ids("vision/resnet50", quick=True) == ["vision/resnet50[batch=1]"]
    assert ids("vision/resnet50[batch=8]", quick=True) == ["vision/resnet50[batch=8]"]
    assert ids("vision/resnet50[batch=1]", quick=True) == ["vision/resnet50[batch=1]"]
    assert ids("vision/resnet50", LONG, quick=True) == [LONG, "vision/resnet50[batch=1]"]
    assert ids("vision", LONG, quick=True, matching=("8192",)) == [LONG]


@pytest.mark.parametrize("quick", [False, True])
def test_a_point_that_is_not_there_is_told(quick):
    with pytest.raises(UserError, match=r"vision/resnet50\[batch=9\]"):
        ids("vision/resnet50[batch=9]", quick=quick)
