"""A board's ceiling trial is left out where a tighter board's has run to its end, and nothing else is ever inferred."""

from __future__ import annotations

import pytest
from builders import case, manifest, plan_of, record, trial
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness import store
from harness.engine import Engine
from harness.engine.prepared import Preparation
from harness.engine.tighter import shown, shows
from harness.model.case import Limits, Trial
from harness.model.events import Ended
from harness.model.outcome import DoesNotFit, Ok, Thrashes
from harness.model.record import Enforced, Record, Usage
from harness.model.spec import Ending
from harness.testing import FakeExecutor, succeed

MIB = 1 << 20


def ceiling(board: str, memory: int, swap: int = 0, cores: int = 4) -> Trial:
    limits = Limits(memory * MIB, swap * MIB, cores, cores)
    return replace(trial(role="ceiling", limits=limits), case=case(profile=board))


def ran(of: Trial, there: int = 2, outcome: Ok | DoesNotFit | Thrashes = Ok()) -> Record:  # noqa: B008 - frozen
    """Its record on a host of ``there`` cores, every limit read back as it was asked."""
    asked = of.limits
    assert asked.memory_bytes is not None
    assert asked.cores is not None
    given_cores = min(asked.cores, there)
    enforced = (
        Enforced("memory", asked.memory_bytes, asked.memory_bytes, "cgroup1"),
        Enforced("swap", asked.swap_bytes, asked.swap_bytes, "cgroup1"),
        Enforced("cores", asked.cores, given_cores, "affinity"),
        Enforced("threads", asked.cores, given_cores, "environment", approximate=True),
    )
    return replace(record(of, outcome), enforced=enforced, items=1.0, facts={"means": "cgroup1"})


SMALL, LARGE = ceiling("small", 400), ceiling("large", 800, cores=6)


def test_what_ran_within_less_memory_is_shown_to_fit_more():
    found = shown(LARGE, [ran(SMALL)], "now")
    assert found is not None
    assert (found.trial, found.outcome, found.shown_by, found.wall_seconds) == (LARGE, Ok(), SMALL.id, 0.0)
    assert found.enforced == ran(SMALL).enforced
    assert not found.measurements


def test_more_memory_shows_nothing_of_less():
    assert not shows(ran(LARGE), SMALL)


@pytest.mark.parametrize("outcome", [DoesNotFit(400 * MIB, None, "killed"), Thrashes(400 * MIB, 9000)])
def test_only_success_is_carried_over(outcome):
    assert not shows(ran(SMALL, outcome=outcome), LARGE)
    assert not shows(ran(LARGE, outcome=outcome), SMALL)


def test_an_end_that_cost_a_process_its_life_is_never_carried_over():
    """Records of earlier versions call it ok."""
    assert shows(replace(ran(SMALL), usage=Usage(oom_kills=0)), LARGE)
    assert not shows(replace(ran(SMALL), usage=Usage(oom_kills=1)), LARGE)


@pytest.mark.parametrize(
    "change",
    [
        {"given": None},
        {"approximate": True},
        {"given": 801 * MIB},
    ],
)
def test_a_limit_that_did_not_hold_shows_nothing(change):
    loose = ran(SMALL)
    memory, *others = loose.enforced
    assert not shows(replace(loose, enforced=(replace(memory, **change), *others)), LARGE)


def test_swap_that_the_other_tier_lacks_shows_nothing():
    assert not shows(ran(ceiling("small", 400, swap=100)), LARGE)
    assert shows(ran(SMALL), ceiling("large", 800, swap=100, cores=6))


def test_fewer_threads_show_nothing_where_the_host_has_more():
    assert not shows(ran(SMALL, there=8), LARGE)
    assert shows(ran(SMALL, there=4), ceiling("large", 800, cores=2))
    assert shows(ran(ceiling("small", 400, cores=6), there=8), ceiling("large", 800, cores=4))


def test_another_work_fewer_steps_or_another_role_show_nothing():
    assert not shows(ran(SMALL), replace(LARGE, case=case("other", profile="large")))
    assert not shows(ran(SMALL), replace(LARGE, pace=replace(LARGE.pace, steps=LARGE.pace.steps + 1)))
    assert not shows(ran(SMALL), replace(LARGE, role="paced"))
    assert not shows(replace(ran(SMALL), trial=replace(SMALL, role="paced")), LARGE)


def test_what_was_only_shown_shows_nothing_further():
    found = shown(LARGE, [ran(SMALL)], "now")
    assert found is not None
    assert not shows(found, ceiling("larger", 1600, cores=6))


tiers = st.tuples(st.integers(1, 40), st.integers(0, 2), st.integers(1, 8))


@given(tiers, tiers, st.integers(1, 8))
def test_what_it_shows_had_no_more_memory_and_no_fewer_threads(small, large, there):
    by = ran(ceiling("small", *small), there)
    if shows(by, ceiling("large", *large)):
        assert small[0] <= large[0]
        assert small[1] <= large[1]
        assert min(small[2], there) >= min(large[2], there)


@pytest.fixture
def run_boards(tmp_path):
    def run(script) -> tuple[FakeExecutor, tuple[Record, ...]]:
        plan = plan_of(SMALL, LARGE)
        executor = FakeExecutor(script)
        engine_of = Preparation(tmp_path / "cache", {})
        with store.RunWriter.create(tmp_path / "run", manifest(plan)) as writer:
            assert Engine(executor, writer, engine_of).run(plan)
        return executor, store.read(tmp_path / "run").records

    return run


def enforcing(of: Trial):
    """A child that ends well under every limit that was asked."""
    events, ending = succeed(of)
    return events, replace(ending, enforced=ran(of).enforced) if of.role == "ceiling" else ending


def test_the_engine_leaves_it_out_and_writes_its_record(run_boards):
    executor, records = run_boards(enforcing)
    assert [t.id for t in executor.executed if t.role == "ceiling"] == [SMALL.id]
    assert [(r.trial_id, r.shown_by) for r in records] == [(SMALL.id, ""), (LARGE.id, SMALL.id)]


def test_the_engine_runs_it_where_the_tighter_one_failed(run_boards):
    def script(of: Trial):
        if of.id == SMALL.id:
            return [Ended(DoesNotFit(400 * MIB, None, "killed"))], Ending(0, None, 0.1, enforced=ran(of).enforced)
        return enforcing(of)

    executor, records = run_boards(script)
    assert len([t for t in executor.executed if t.role == "ceiling"]) == 2
    assert not any(r.shown_by for r in records)
