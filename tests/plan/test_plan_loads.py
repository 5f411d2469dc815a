"""Scenarios in a plan: what each trial is loaded with, which deadline is kept, what has no place."""

from __future__ import annotations

import pytest
from builders import capabilities, ref
from msgspec.structs import replace

from harness import loads, plan, profiles
from harness.content import search_path
from harness.errors import UnknownName, UserError
from harness.model.case import Plan

CAPS = capabilities()
HOST = [profiles.host_profile(CAPS)]
SETTINGS = plan.Settings(processes=1)


def planned(scenario: str, deadline: float | None = None, batch: int = 1, **about) -> Plan:
    work = replace(ref("a", batch=batch), deadline_seconds=deadline)
    chosen = plan.Selected(work, ("torch-eager",), ("float32",), ("torch-eager",), ("float32",))
    return plan.make([chosen], HOST, CAPS, loads.under(SETTINGS, scenario, **about))


def timing(made: Plan):
    return next(t for t in made.trials if t.role == "timing")


@pytest.mark.parametrize(
    ("scenario", "percentile", "queries", "samples"),
    [("single-stream", 0.9, 64, 1), ("multi_stream", 0.99, 662, 8), ("server", 0.99, 662, 1)],
)
def test_percentile_queries_and_samples_are_mlperfs(scenario, percentile, queries, samples):
    load = timing(planned(scenario, deadline=0.1)).pace.load
    assert (load.target_latency_percentile, load.min_query_count, load.samples_per_query) == (
        percentile,
        queries,
        samples,
    )


def test_a_scenario_is_a_case_of_its_own_and_only_its_timing_is_loaded():
    made = planned("multi-stream")
    assert {t.case.scenario for t in made.trials} == {"multi_stream"}
    assert {t.role for t in made.trials if t.pace.load} == {"timing"}


def test_a_trial_is_given_the_time_that_its_load_may_take():
    assert timing(planned("server", deadline=0.1)).timeout_seconds == SETTINGS.timeout_seconds + 300.0


def test_single_stream_takes_as_many_steps_as_its_percentile_needs():
    assert timing(planned("single_stream")).pace.min_rounds == 64
    assert timing(planned("single_stream", percentile=0.99)).pace.min_rounds == 662


def test_a_deadline_that_is_given_goes_before_the_workloads_own():
    assert timing(planned("server", deadline=0.1)).pace.load.target_latency == 0.1
    work = replace(ref("a"), deadline_seconds=0.1)
    given = loads.under(SETTINGS, "server", deadline=0.05).load
    assert loads.of(given, "server", work).target_latency == 0.05


def test_a_server_without_any_deadline_is_refused_with_what_to_do():
    with pytest.raises(UserError, match=r"no deadline for the server scenario to keep \(give one, such as"):
        planned("server")


def test_a_server_takes_one_sample_at_a_time():
    made = planned("server", deadline=0.1, batch=8)
    assert made.trials == ()
    assert "one sample, and a step of this takes 8" in made.skips[0].reason


@pytest.mark.parametrize(("name", "value"), [("deadline", 0.1), ("target_qps", 5.0)])
def test_what_is_the_servers_is_refused_elsewhere(name, value):
    with pytest.raises(UserError, match="is about the server scenario"):
        loads.under(SETTINGS, "multi_stream", **{name: value})


def test_offline_has_no_percentile():
    with pytest.raises(UserError, match="says nothing of the offline scenario"):
        loads.under(SETTINGS, "offline", percentile=0.9)


def test_a_scenario_that_nobody_knows_is_named():
    with pytest.raises(UnknownName, match="no scenario is called 'serve'"):
        loads.under(SETTINGS, "serve")


def test_a_search_takes_the_budget_that_is_given_and_a_quick_one_less():
    assert loads.longest("server", 7.0, quick=True) == 7.0
    assert loads.longest("server", None, quick=True) < loads.longest("server", None, quick=False)


def test_only_single_stream_is_projected():
    boards = profiles.load_all(search_path())[:1]
    work = replace(ref("a"), deadline_seconds=0.1)
    chosen = plan.Selected(work, ("torch-eager",), ("float32",), ("torch-eager",), ("float32",))
    made = plan.make([chosen], [*HOST, *boards], CAPS, loads.under(SETTINGS, "server"))
    assert "features" not in {t.role for t in made.trials}
