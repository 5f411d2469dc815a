"""A workload at the pace of a board: real children, one after the other, under the board's limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

import harness
from harness import api, plan
from harness.model.outcome import Ok, Unsupported
from harness.selection import Selection
from harness.stats import median

EXAMPLES = Path(__file__).parents[2] / "examples"
SETTINGS = replace(plan.QUICK, slow_down=True, timing=replace(plan.QUICK.timing, budget_seconds=1.5))
MLP = Selection(("mlp",), ("batch=1,width=256",), ("host", "rpi5"), include=(EXAMPLES,))
ASKED = 0.02

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))

    def run(pacing):
        handle = api.execute(MLP, SETTINGS, tmp_path / "run", pacing=pacing)
        return {r.trial.role: r for r in handle.data.records}

    return run


@pytest.mark.alone
def test_a_step_takes_the_time_asked_whatever_the_host_takes(run):
    seen: list[str] = []

    def pacing(_trial, records):
        seen.extend(r.trial.role for r in records)
        return ASKED

    records = run(pacing)
    assert {"timing", "need", "ceiling"} <= set(seen)
    paced = records["paced"]
    assert paced.outcome == Ok()
    assert median(records["timing"].find("latency", "timed").values) < ASKED / 4
    assert median(paced.find("paced_latency", "timed").values) == pytest.approx(ASKED, rel=0.05)
    assert paced.find("paced_latency").provenance == "enforced"


def test_it_runs_under_the_limits_of_the_board(run):
    records = run(lambda _t, _r: ASKED)
    paced, ceiling = records["paced"], records["ceiling"]
    assert paced.enforced == ceiling.enforced
    assert paced.trial.limits.memory_bytes is not None
    assert paced.find("latency") is None, "a host's time under limits is no latency"


def test_a_host_that_is_slower_than_the_board_says_so_with_both_times(run):
    outcome = run(lambda _t, _r: 1e-7)["paced"].outcome
    assert isinstance(outcome, Unsupported)
    assert outcome.reason.startswith("this host is slower than the projected board: ")
    assert outcome.reason.endswith(" against 100 ns")


def test_from_python_each_case_of_a_board_gets_a_trial_at_its_pace(tmp_path, monkeypatch):
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    options = {"quick": True, "profiles": ("rpi5",), "include": (EXAMPLES,), "out": tmp_path / "run"}
    handle = harness.run("mlp", slow_down=True, **options)
    roles = [r.trial.role for r in handle.data.records]
    assert roles.count("paced") == roles.count("ceiling") == 1
    assert not handle.failed
