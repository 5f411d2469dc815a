from __future__ import annotations

import pytest
import sample_runs
from msgspec.structs import replace
from sample_runs import SMALL, Work, boards, make_run, with_fate, with_limit

from harness.model.case import HOST
from harness.model.measure import PROCESS_PEAK, TREE_PEAK
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut, Unsupported, name_of
from harness.model.record import Record, Run
from harness.model.units import GIB, MIB
from harness.verdict import CaseFacts, Estimate, gather, state_of


def facts_of(run: Run, tier: str, work: str = SMALL[0].name) -> CaseFacts:
    return next(f for f in gather(run) if f.case.tier == tier and f.case.workload.name == work)


def drop(run: Run, role: str) -> Run:
    return replace(run, records=tuple(r for r in run.records if r.trial.role != role))


def without_tree(record: Record) -> Record:
    return replace(record, measurements=tuple(m for m in record.measurements if m.metric != TREE_PEAK))


def test_every_case_of_the_plan_has_its_facts_once():
    run = make_run(skips={"board-1:cpu": "no runtime"})
    found = gather(run)
    assert len({f.case.id for f in found}) == len(found) == 9
    assert isinstance(facts_of(run, "board-1:cpu").outcome, Unsupported)


def test_a_board_takes_need_from_the_shared_trials_and_never_time():
    facts = facts_of(make_run(), "board-0:cpu")
    assert facts.need is not None
    assert facts.need.bytes == SMALL[0].need
    assert facts.latency_groups == ()
    assert facts.work.timing, "the shared records are there, and still not the board's"


def test_the_host_has_one_group_of_samples_a_process():
    groups = facts_of(make_run(processes=3), "host:cpu").latency_groups
    assert [len(g) for g in groups] == [200, 200, 200]


def test_the_last_record_of_a_trial_counts():
    run = make_run(processes=1)
    first = next(r for r in run.records if r.trial.role == "timing")
    again = replace(first, outcome=Failed("no", "timed"), measurements=())
    assert facts_of(replace(run, records=(*run.records, again)), "host:cpu").outcome == Failed("no", "timed")


def test_need_is_the_highest_peak_over_stages_and_trials():
    run = make_run(processes=2)
    records = list(run.records)
    place = next(k for k, r in enumerate(records) if r.trial.role == "need")
    peak = records[place].measurements[-1]
    records[place] = replace(records[place], measurements=(replace(peak, values=(9e9,)), replace(peak, values=(1e9,))))
    need = facts_of(replace(run, records=tuple(records)), "host:cpu").need
    assert need is not None
    assert need.bytes == 9e9


def test_without_a_figure_of_the_tree_the_process_peak_stands_in_and_is_labelled_a_lower_bound():
    run = make_run()
    need = facts_of(replace(run, records=tuple(map(without_tree, run.records))), "board-0:cpu").need
    assert need is not None
    assert (need.metric, need.bound) == (PROCESS_PEAK.id, "lower")


def test_a_bound_that_a_meter_states_is_kept():
    run = make_run()
    bounded = tuple(
        replace(r, measurements=tuple(replace(m, bound="upper") for m in r.measurements)) for r in run.records
    )
    need = facts_of(replace(run, records=bounded), "board-0:cpu").need
    assert need is not None
    assert (need.metric, need.bound) == (TREE_PEAK.id, "upper")


def test_a_need_trial_that_went_wrong_gives_no_need():
    run = make_run(processes=1)
    spoilt = tuple(replace(r, outcome=TimedOut(1.0, "load")) if r.trial.role == "need" else r for r in run.records)
    assert facts_of(replace(run, records=spoilt), "board-0:cpu").need is None


def test_the_limit_is_the_one_that_stopped_it():
    work = with_fate(Work("w"), board_0_cpu=DoesNotFit(123 * MIB, None, "killed"))
    assert facts_of(make_run([work]), "board-0:cpu", "w").limit_bytes == 123 * MIB
    assert facts_of(make_run(), "host:cpu").limit_bytes == 16 * GIB
    assert facts_of(make_run(gpu=True), "host:gpu").limit_bytes == 80 * GIB


def test_a_gpus_need_is_what_torch_reserved_on_it():
    need = facts_of(make_run(gpu=True), "host:gpu").need
    assert need is not None
    assert need.metric == "gpu_reserved_peak"
    assert need.bytes < SMALL[0].need


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Ok(), "fits"),
        (Thrashes(1, 2), "thrashes"),
        (DoesNotFit(1, None, ""), "does_not_fit"),
        (Unsupported("x"), "unsupported"),
        (TimedOut(1.0, "load"), "timed_out"),
        (Failed("x", "load"), "failed"),
        (None, "not_run"),
    ],
)
def test_each_outcome_has_its_state(outcome: object, state: str):
    assert state_of(outcome) == state  # type: ignore[arg-type]


def test_a_board_without_its_ceiling_is_not_run_unless_something_before_it_failed():
    run = drop(make_run(processes=1), "ceiling")
    assert facts_of(run, "board-0:cpu").outcome is None
    spoilt = tuple(replace(r, outcome=Failed("no", "load")) if r.trial.role == "need" else r for r in run.records)
    assert facts_of(replace(run, records=spoilt), "board-0:cpu").outcome == Failed("no", "load")


def test_of_several_processes_the_worst_outcome_is_the_hosts():
    run = make_run(processes=3)
    last = [r for r in run.records if r.trial.role == "timing" and r.trial.case.workload.name == SMALL[0].name][-1]
    worse = tuple(replace(r, outcome=TimedOut(1.0, "timed")) if r is last else r for r in run.records)
    assert facts_of(replace(run, records=worse), "host:cpu").outcome == TimedOut(1.0, "timed")


def test_an_estimate_goes_to_its_case_alone():
    run = make_run()
    case = next(c for c in run.manifest.plan.cases if c.profile != HOST)
    found = [f for f in gather(run, {case.id: Estimate(0.1, 0.05, 0.2)}) if f.estimate]
    assert [f.case.id for f in found] == [case.id]


def test_an_empty_run_gathers_nothing_and_a_run_without_records_knows_no_outcome():
    assert gather(make_run([])) == ()
    assert {f.outcome for f in gather(replace(make_run(), records=()))} == {None}
    assert boards(12)[11].budget_bytes == sample_runs.BUDGETS[11]


@pytest.mark.parametrize("fate", [Ok(), Thrashes(4 * GIB, 9000), DoesNotFit(4 * GIB, None, "an allocation failed")])
def test_a_limit_that_was_not_enforced_says_nothing_of_what_fits(fate: Outcome):
    run = make_run([with_fate(Work("w"), board_0_cpu=fate)])
    facts = facts_of(with_limit(run, given=None, note="nothing here can enforce it"), "board-0:cpu", "w")
    assert facts.outcome == Unsupported("memory limit not enforced: nothing here can enforce it")
    assert facts.need is not None
    assert facts.limit_bytes == 4 * GIB
    assert facts.enforcement == "not enforced"


def test_a_record_that_does_not_say_what_was_enforced_says_nothing_of_what_fits():
    run = make_run()
    silent = tuple(replace(r, enforced=()) for r in run.records)
    assert facts_of(replace(run, records=silent), "board-0:cpu").outcome == Unsupported("memory limit not enforced")


def test_a_trial_that_failed_under_no_limit_has_still_failed():
    run = make_run([with_fate(Work("w"), board_0_cpu=Failed("no", "load"))])
    assert facts_of(with_limit(run, given=None), "board-0:cpu", "w").outcome == Failed("no", "load")


@pytest.mark.parametrize(
    ("given", "fate", "told"),
    [
        (4 * GIB - 4096, Ok(), "ok"),
        (5 * GIB, Ok(), "unsupported"),
        (5 * GIB, DoesNotFit(5 * GIB, None, "killed"), "does_not_fit"),
        (2 * GIB, Ok(), "ok"),
        (2 * GIB, Thrashes(2 * GIB, 9000), "unsupported"),
        (2 * GIB, DoesNotFit(2 * GIB, None, "killed"), "unsupported"),
    ],
)
def test_another_limit_than_asked_speaks_only_where_it_is_on_the_safe_side(given: int, fate: Outcome, told: str):
    run = with_limit(make_run([with_fate(Work("w"), board_0_cpu=fate)]), given=given)
    outcome = facts_of(run, "board-0:cpu", "w").outcome
    assert outcome is not None
    assert name_of(outcome) == told
    if isinstance(outcome, Unsupported):
        assert "asked 4 GiB, given " in outcome.reason


def test_an_approximate_limit_is_known_as_such():
    run = with_limit(make_run(), approximate=True, means="rlimit")
    assert facts_of(run, "board-0:cpu").enforcement == "approximately enforced"
    assert facts_of(make_run(), "board-0:cpu").enforcement == "enforced"
    assert facts_of(run, "host:cpu").enforcement == ""
