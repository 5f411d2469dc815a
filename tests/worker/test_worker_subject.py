"""What a timed round calls: a workload's own step where it has one, else the model itself with nothing around it."""

from __future__ import annotations

import pytest
from builders import trial

from harness.model.spec import ChildSpec
from harness.model.workload import Model, Place, Workload
from harness.runtimes import get
from harness.scenarios.single_stream import MarkTaker
from harness.worker import subject


def module(*given: int) -> tuple[int, ...]:
    return given


class Plain(Workload):
    name = "plain"
    runtimes = ("python",)

    def build(self, place: Place) -> Model:
        return Model(module, (1, 2))


class Twice(Plain):
    def step(self, call, inputs, marks):
        marks("first")
        return call(*inputs) + call(*inputs)


class Inherited(Twice):
    pass


def stepper(tmp_path, kind, marks):
    spec = ChildSpec(trial(), str(tmp_path / "cache"), str(tmp_path))
    return subject.load(spec, get("python"), kind(), Place("cpu", "float32", 0, tmp_path)).stepper(marks)


def test_without_a_step_of_its_own_it_is_the_model_that_is_called(tmp_path):
    made = stepper(tmp_path, Plain, MarkTaker())
    assert made.func is module
    assert made() == Plain().step(module, (1, 2), MarkTaker()) == (1, 2)


@pytest.mark.parametrize("kind", [Twice, Inherited])
def test_a_step_of_its_own_is_taken_with_its_marks(tmp_path, kind):
    marks = MarkTaker()
    assert stepper(tmp_path, kind, marks)() == (1, 2, 1, 2)
    assert [name for name, _ in marks.taken] == ["first"]
