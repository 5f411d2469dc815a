"""Numbers that cannot be are refused before anything is measured, on the command line and in Python."""

from __future__ import annotations

import math

import pytest

import harness
from harness import plan
from harness.errors import UserError

WORKLOAD = "primitives/copy"


@pytest.fixture(autouse=True)
def nothing_is_measured(monkeypatch, tmp_path):
    def measured(*_args, **_more):
        raise AssertionError("something was measured")

    monkeypatch.setattr("harness.api.LocalExecutor", measured)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -(2**64), "10", True, 1e300])
@pytest.mark.parametrize("name", ["timeout", "budget", "precision", "sustained", "processes", "seed"])
def test_a_run_is_refused(name, value):
    with pytest.raises(UserError, match=f"{name} is ") as caught:
        harness.run(WORKLOAD, quick=True, **{name: value})
    assert caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, "x", 1e300])
@pytest.mark.parametrize("name", ["deadline", "target_qps"])
def test_a_scenario_is_refused(name, value):
    with pytest.raises(UserError, match=f"{name} is "):
        harness.run(WORKLOAD, quick=True, scenario="server", **{"deadline": 0.1, name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, 2])
def test_a_search_is_refused(value):
    with pytest.raises(UserError, match="precision is "):
        harness.fit(WORKLOAD, precision=value)
    with pytest.raises(UserError, match="most is "):
        harness.fit(WORKLOAD, most=math.nan)


def test_whole_numbers_are_whole():
    for settings in (plan.Settings(processes=1.5), plan.Settings(seed=0.5)):
        with pytest.raises(UserError, match="a whole number"):
            plan.refuse_odd(settings)
    plan.refuse_odd(plan.Settings())
    plan.refuse_odd(plan.QUICK)


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a\0b", "\ud800"])
def test_names_that_nothing_can_have_are_refused_too(name):
    with pytest.raises(UserError):
        harness.load(name)
    with pytest.raises(UserError):
        harness.run(WORKLOAD, quick=True, out=name)
    with pytest.raises(UserError):
        harness.run(name, quick=True)
    with pytest.raises(UserError):
        harness.run(WORKLOAD, quick=True, include=[name])
