"""Functions that make a model."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import torch

from harness.adopted import Adopted, examine
from harness.model.inquiry import GivenInput, ModelAnswer, ModelQuestion
from harness.model.own import Input, Own
from harness.model.workload import Place

Ask = Callable[..., ModelAnswer]
_numbers = count()
NETS = """
    import torch

    def pair():
        return torch.nn.Linear(4, 2), (torch.randn(3, 4),)

    def bare():
        return torch.nn.Linear(4, 2)

    def placed(place):
        return torch.nn.Linear(4, 2).to(getattr(torch, place.dtype))

    def number():
        return 3

    def broken():
        raise ValueError("no such layer")

    value = 3
"""


@pytest.fixture
def module(tmp_path: Path) -> str:
    """A module of a name that no other test has imported."""
    name = f"nets_{next(_numbers)}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(NETS))
    return name


@pytest.fixture
def ask(module: str, tmp_path: Path) -> Ask:
    def of(function: str, *given: GivenInput) -> ModelAnswer:
        own = Own("function", f"{module}:{function}", directory=str(tmp_path))
        return examine(ModelQuestion(own, given))

    return of


def test_a_pair_brings_its_inputs(ask: Ask, module: str, tmp_path: Path) -> None:
    answer = ask("pair")
    assert (answer.refused, answer.inputs) == ("", ())
    assert answer.runtimes == ("torch-eager", "any")
    assert answer.files == (str(tmp_path / f"{module}.py"),)
    own = Own("function", f"{module}:pair", directory=str(tmp_path))
    place = Place("cpu", "float32", 0, tmp_path)
    first, second = (Adopted(own).build(place) for _ in range(2))
    assert torch.equal(first.inputs[0], second.inputs[0])
    assert torch.equal(first.module.weight, second.module.weight)


def test_a_bare_module_is_given_its_inputs_by_the_names_of_forward(ask: Ask) -> None:
    assert "open: input (of any rank)" in ask("bare").refused
    assert ask("bare", GivenInput("input", (8, 4))).inputs == (Input("input", (8, 4), "float32"),)


def test_a_function_with_an_argument_is_told_the_place(ask: Ask) -> None:
    assert ask("placed", GivenInput("input", (8, 4))).refused == ""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("none", "has no function none"),
        ("value", "has no function value"),
        ("number", "returned int"),
        ("broken", "raised ValueError: no such layer"),
    ],
)
def test_what_makes_no_model_is_one_line(ask: Ask, function: str, said: str) -> None:
    assert said in ask(function).refused


def test_an_error_names_its_line(ask: Ask, module: str, tmp_path: Path) -> None:
    line = textwrap.dedent(NETS).splitlines().index('    raise ValueError("no such layer")') + 1
    assert ask("broken").where == f"{tmp_path / module}.py:{line}"


def test_a_module_that_is_not_there_is_told() -> None:
    answer = examine(ModelQuestion(Own("function", "nowhere_at_all:make")))
    assert "cannot be imported: ModuleNotFoundError" in answer.refused
