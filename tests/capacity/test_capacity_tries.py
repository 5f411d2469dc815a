"""A whole search on a machine whose truth is known: tries as records, resumed, estimated, stopped."""

from __future__ import annotations

from capacity_machine import BASE, EACH, cramped, failing_from, run, search_for, truth

from harness.capacity import found, next_trial, shown
from harness.capacity.tries import GRAIN
from harness.engine import Stop
from harness.model.events import Ended
from harness.model.outcome import Failed
from harness.model.spec import Ending
from harness.model.units import GIB, MIB
from harness.testing import FakeExecutor
from harness.verdict import gather

NEED = BASE + EACH


def by_name(done):
    return {f.what: f for f in found(done)}


def test_the_smallest_memory_is_within_a_percent_of_the_truth(tmp_path):
    memory = by_name(run(search_for(None, profile="host"), tmp_path))["memory"]
    assert memory.state == "found"
    assert memory.beyond < NEED <= memory.value <= 1.01 * NEED
    assert memory.thrashes


def test_a_memory_that_only_thrashes_is_too_little(tmp_path):
    done = run(search_for(None, profile="host"), tmp_path)
    thrashed = [r.trial.limits.memory_bytes for r in done.records if type(r.outcome).__name__ == "Thrashes"]
    assert thrashed
    assert max(thrashed) <= by_name(done)["memory"].beyond


def test_a_memory_in_which_no_step_is_completed_in_time_is_too_little(tmp_path):
    def stuck(trial):
        events, ending = truth(trial)
        if trial.role == "fit" and ending.usage.oom_kills:
            return events, Ending(None, 9, 30.0, ending.enforced, timed_out_after=30.0, stalled_faults=9000)
        return events, ending

    memory = by_name(run(search_for(None, profile="host"), tmp_path, stuck))["memory"]
    assert (memory.state, memory.thrashes) == ("found", True)
    assert memory.beyond < NEED <= memory.value <= 1.01 * NEED


def test_the_largest_batch_is_the_one_that_brute_force_finds(tmp_path):
    limit = 357 * MIB
    batch = by_name(run(search_for(limit), tmp_path))["batch"]
    most = max(n for n in range(1, 100) if BASE + n * EACH <= limit)
    assert (batch.state, batch.value, batch.beyond) == ("found", most, most + 1)


def test_every_try_is_a_record_of_its_own_under_the_limit_that_it_says(tmp_path):
    done = run(search_for(357 * MIB), tmp_path)
    ids = [r.trial_id for r in done.records]
    assert len(ids) == len(set(ids))
    roles = [r.trial.role for r in done.records]
    assert roles[:2] == ["gate", "ceiling"]
    assert set(roles[2:]) == {"fit", "ceiling"}
    assert all(r.trial.limits.memory_bytes % GRAIN == 0 for r in done.records if r.trial.role == "fit")
    assert {r.trial.limits.memory_bytes for r in done.records if r.trial.role == "ceiling"} == {357 * MIB}


def test_the_smallest_memory_has_been_enough_twice(tmp_path):
    done = run(search_for(None, profile="host"), tmp_path)
    value = by_name(done)["memory"].value
    assert sum(r.trial.limits.memory_bytes == value for r in done.records if r.trial.role == "fit") == 2


def test_a_search_that_is_stopped_goes_on_where_it_was_and_tries_nothing_twice(tmp_path):
    stop, executor = Stop(), FakeExecutor(truth)

    def thrice(trial):
        stop.soon = sum(t.role != "prepare" for t in executor.executed) >= 4
        return truth(trial)

    executor.script = thrice
    first = run(search_for(357 * MIB), tmp_path, executor=executor, stop=stop)
    assert len(first.records) == 4
    assert {f.state for f in found(first)} == {"open"}
    done = run(search_for(357 * MIB), tmp_path)
    assert done.records[:4] == first.records
    (tmp_path / "whole").mkdir()
    assert found(done) == found(run(search_for(357 * MIB), tmp_path / "whole"))


def test_fast_begins_at_what_the_composition_says_and_tries_little_more_than_the_edge(tmp_path):
    limit = 1000 * MIB
    done = run(search_for(limit, fast=True), tmp_path)
    batch = by_name(done)["batch"]
    most = (limit - BASE) // EACH
    assert batch.estimate == most
    assert batch.value <= most < batch.beyond <= 1.06 * batch.value
    assert batch.tries <= 3
    assert [r.trial.role for r in done.records][:2] == ["gate", "composition"]


def test_without_a_composition_fast_searches_from_the_base(tmp_path):
    def script(trial):
        events, ending = truth(trial)
        return ([e for e in events if trial.role != "composition" or isinstance(e, Ended)], ending)

    batch = by_name(run(search_for(357 * MIB, fast=True), tmp_path, script))["batch"]
    assert batch.estimate is None
    assert batch.value == 25


def test_a_batch_that_goes_wrong_ends_its_search_with_the_reason_and_what_is_known(tmp_path):
    batch = by_name(run(search_for(800 * MIB), tmp_path, failing_from(9)))["batch"]
    assert (batch.state, batch.value) == ("stopped", 8)
    assert batch.reason == "failed: IndexError: no such position"


def test_what_cannot_even_be_prepared_on_this_machine_does_not_fit_a_smaller_tier(tmp_path):
    executor = FakeExecutor(cramped(700 * MIB))
    done = run(search_for(600 * MIB), tmp_path, executor=executor)
    batch = by_name(done)["batch"]
    assert (batch.state, batch.value, batch.beyond) == ("found", 50, 51)
    assert {t.limits.memory_bytes for t in executor.executed if t.role == "prepare"} == {GIB}


def test_what_does_not_fit_this_machine_is_not_searched(tmp_path):
    done = run(search_for(600 * MIB), tmp_path, cramped(50 * MIB))
    assert {f.reason for f in found(done)} == {"does not fit this machine: it was given 1 GiB"}


def test_a_workload_that_goes_wrong_uncapped_is_not_searched(tmp_path):
    def script(trial):
        broken = [Ended(Failed("ValueError: no", "load"))], Ending(0, None, 1.0)
        return broken if trial.role == "gate" else truth(trial)

    done = run(search_for(357 * MIB), tmp_path, script)
    assert next_trial(done.manifest.search, done.records) is None
    assert {(f.state, f.reason) for f in found(done)} == {("stopped", "failed: ValueError: no")}


def test_a_limit_that_was_not_enforced_ends_the_search(tmp_path):
    def script(trial):
        events, ending = truth(trial)
        return events, Ending(0, None, 1.0, usage=ending.usage)

    done = run(search_for(357 * MIB), tmp_path, script)
    assert {(f.state, f.reason) for f in found(done)} == {("stopped", "memory limit not enforced")}


def test_the_largest_batch_is_not_tried_beyond_what_was_asked(tmp_path):
    done = run(search_for(1000 * MIB, most=6), tmp_path)
    assert (by_name(done)["batch"].state, by_name(done)["batch"].value) == ("bound", 6)


def test_no_batch_fits_a_tier_that_is_too_small(tmp_path):
    batch = by_name(run(search_for(50 * MIB), tmp_path))["batch"]
    assert (batch.state, batch.value, batch.beyond) == ("nowhere", None, 1)


def test_a_report_shows_each_batch_that_was_tried_as_a_case_with_its_verdict(tmp_path):
    done = run(search_for(357 * MIB), tmp_path)
    facts = gather(shown(done))
    tried = [f.case.workload.parameters["batch"] for f in facts]
    assert tried == sorted(tried)
    assert {f.case.workload.parameters["batch"] for f in facts if type(f.outcome).__name__ == "Ok"} >= {1, 25}
