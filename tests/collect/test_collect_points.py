"""The product of a workload's parameters."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import collect
from harness.collect import Suite
from harness.collect.declaration import declaration_defects
from harness.model.workload import Model, Workload

names = st.from_regex(r"[a-z][a-z_]{0,5}x", fullmatch=True)
values = (
    st.integers()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.from_regex(r"[\w.-]+", fullmatch=True)
)
grids = st.dictionaries(names, st.lists(values, min_size=1, max_size=4, unique_by=str), max_size=4)


def _workload(grid: dict[str, Any], quick: dict[str, Any] | None = None, **more: Any) -> type[Workload]:
    def build(self: Workload, place: Any, **parameters: Any) -> Model:
        return Model(None)

    return type("Made", (Workload,), {"name": "made", "build": build, "parameters": grid, "quick": quick, **more})


def _suite(*kinds: type[Workload]) -> Suite:
    return Suite("demo", Path("/demo.py"), kinds)


@given(grids)
def test_every_combination_once_and_each_with_an_id_of_its_own(grid: dict[str, list[Any]]) -> None:
    kind = _workload(grid)
    assert declaration_defects(kind) == []
    refs = collect.references(_suite(kind))
    assert len(refs) == prod(map(len, grid.values()))
    assert len({ref.id for ref in refs}) == len(refs)
    for ref in refs:
        assert list(ref.parameters) == list(grid)
        assert all(ref.parameters[name] in grid[name] for name in grid)


def test_the_last_parameter_changes_fastest() -> None:
    refs = collect.references(_suite(_workload({"a": (1, 2), "b": ("x", "y")})))
    assert [ref.id for ref in refs] == [f"demo/made[a={a},b={b}]" for a in (1, 2) for b in "xy"]


def test_a_workload_without_parameters_is_one_point() -> None:
    (ref,) = collect.references(_suite(_workload({})))
    assert (ref.id, ref.parameters) == ("demo/made", {})


def test_a_filter_keeps_what_it_accepts() -> None:
    refs = collect.references(_suite(_workload({"batch": (1, 2, 4)})), lambda ref: ref.parameters["batch"] != 2)
    assert [ref.parameters["batch"] for ref in refs] == [1, 4]


def test_the_quick_selection_takes_one_point_of_those_that_declare_one() -> None:
    quick = _workload({"batch": (1, 8)}, {"batch": 8})
    alone = type("Alone", (quick,), {"name": "alone", "parameters": {}, "quick": {}})
    left_out = type("Out", (quick,), {"name": "out", "quick": None})
    refs = collect.quick_references(_suite(quick, left_out, alone))
    assert [ref.id for ref in refs] == ["demo/made[batch=8]", "demo/alone"]


def test_a_reference_carries_what_the_planner_must_know() -> None:
    kind = _workload({}, None, family="vision", version=3, deadline_seconds=0.05, items_unit="images")
    (ref,) = collect.references(_suite(kind))
    assert (ref.family, ref.version, ref.deadline_seconds, ref.items_unit) == ("vision", 3, 0.05, "images")
    assert (ref.suite, ref.name, ref.path) == ("demo", "made", "/demo.py")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
ATTRIBUTES = sorted(Workload.__annotations__)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(ATTRIBUTES), anything, min_size=1))
def test_no_declaration_makes_the_check_raise_and_what_passes_can_be_planned(given_attributes: dict[str, Any]) -> None:
    kind = type("Any", (_workload({}),), given_attributes)
    if declaration_defects(kind) == []:
        for ref in [*collect.references(_suite(kind)), *collect.quick_references(_suite(kind))]:
            assert ref.id.startswith("demo/")
