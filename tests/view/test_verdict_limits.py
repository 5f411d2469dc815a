"""What a trial under limits may say of its tier, by what of them was in force."""

from __future__ import annotations

import pytest
from builders import record, trial
from msgspec.structs import replace
from view.sample_runs import SMALL, Work, make_run, with_fate

from harness.model.case import Limits
from harness.model.measure import TREE_PEAK, Finding, Measurement
from harness.model.memory import NO_GROUP_BUT_CHILDREN
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut, Unsupported, name_of
from harness.model.record import Enforced, Record, Usage
from harness.model.units import GIB, MIB
from harness.results import RunHandle
from harness.verdict.limits import enforcement, holds_each_alone, lacks_swap, short_of_memory, told
from harness.view import build

LIMIT, SWAP = 256 * MIB, 2 * GIB
TIGHT = (DoesNotFit(LIMIT, LIMIT, "killed"), Thrashes(LIMIT, 9000), TimedOut(30.0, "warm-up", thrashing=True))
NO_SWAP = "this machine has 0 bytes of swap"


def tried(outcome: Outcome, swap: Enforced | None = None, *, approximate: bool = False) -> Record:
    memory = Enforced("memory", LIMIT, LIMIT, "rlimit" if approximate else "cgroup1", approximate=approximate)
    enforced = (memory, swap or Enforced("swap", 0, 0, "cgroup1"))
    return replace(record(trial(role="ceiling", limits=Limits(LIMIT, SWAP)), outcome), enforced=enforced)


@pytest.mark.parametrize("outcome", TIGHT)
def test_swap_that_cannot_be_given_leaves_open_what_does_not_fit_without_it(outcome):
    ceiling = tried(outcome, Enforced("swap", SWAP, 0, "cgroup1", note=NO_SWAP))
    reason = f"at least does not fit 256 MiB without swap: of swap asked 2 GiB, given 0 B ({NO_SWAP})"
    assert told(ceiling) == Unsupported(reason)
    assert lacks_swap(ceiling)


@pytest.mark.parametrize("outcome", TIGHT)
def test_swap_that_was_given_bears_the_verdict(outcome):
    ceiling = tried(outcome, Enforced("swap", SWAP, SWAP, "cgroup1"))
    assert told(ceiling) == outcome
    assert not lacks_swap(ceiling)
    assert short_of_memory(told(ceiling))


def test_what_fits_without_swap_fits_with_it():
    assert told(tried(Ok(), Enforced("swap", SWAP, 0, "cgroup1", note=NO_SWAP))) == Ok()


@pytest.mark.parametrize("given", [None, SWAP])
def test_what_had_more_swap_than_the_board_says_nothing_of_what_fits(given):
    outcome = told(tried(Ok(), Enforced("swap", 0, given, "cgroup1")))
    assert isinstance(outcome, Unsupported)
    assert outcome.reason.startswith("swap limit not enforced")


def test_a_resource_limit_counts_what_is_swapped_out_too():
    assert told(tried(Ok(), Enforced("swap", 0, None, "rlimit"), approximate=True)) == Ok()


@pytest.mark.parametrize("outcome", [Failed("no", "load"), TimedOut(30.0, "warm-up"), Unsupported("no")])
def test_swap_has_no_say_in_what_failed_otherwise(outcome):
    assert told(tried(outcome, Enforced("swap", SWAP, 0, "cgroup1"))) == outcome


def with_peak(ceiling: Record, **peak: object) -> Record:
    return replace(ceiling, measurements=(Measurement(TREE_PEAK, "trial", "enforced", **peak),))  # type: ignore[arg-type]


def test_several_processes_under_a_limit_that_each_has_for_itself_are_not_tried():
    several = with_peak(tried(Ok(), approximate=True), missing=NO_GROUP_BUT_CHILDREN)
    assert told(several) == Unsupported("nothing here limits its processes together")
    assert holds_each_alone(several)
    assert enforcement(several) == "approximately enforced"
    assert told(with_peak(tried(Ok(), approximate=True), values=(1.0,), bound="upper")) == Ok()
    assert told(with_peak(tried(Ok()), missing=NO_GROUP_BUT_CHILDREN)) == Ok()


def test_a_kill_counted_in_a_record_of_an_earlier_version_comes_before_its_ok():
    killed = replace(tried(Ok()), usage=Usage(LIMIT, oom_kills=6))
    assert told(killed) == DoesNotFit(LIMIT, LIMIT, "the kernel killed 6 of its processes at the limit")


def test_what_was_never_run_had_no_limit_to_enforce():
    broken = replace(tried(Failed("no", "load")), enforced=(), wall_seconds=0.0)
    assert enforcement(broken) == ""


def test_after_a_failed_preparation_nothing_is_said_of_enforcement():
    run = make_run(SMALL)
    broken = replace(
        run,
        records=tuple(
            replace(
                r,
                outcome=Failed("ran out of memory: this container may use 324 MiB", "load"),
                enforced=(),
                wall_seconds=0.0,
                measurements=(),
                findings=(Finding("error", "not-prepared", "the work could not be prepared, so it was not tried"),),
            )
            for r in run.records
        ),
    )
    page = build(broken)
    assert not [sentence for sentence in page.lead if "enforced" in sentence]


def test_swap_that_lacks_stands_in_the_sentence_on_enforcement():
    run = make_run([with_fate(Work("w"), board_0_cpu=DoesNotFit(4 * GIB, None, "killed")), Work("v")])
    swap = Enforced("swap", SWAP, 0, "cgroup1", note=NO_SWAP)
    given = replace(
        run, records=tuple(replace(r, enforced=(*r.enforced, swap)) if r.enforced else r for r in run.records)
    )
    page = build(given)
    assert any("in 1 of 4 cases its swap could not, which leaves them open" in sentence for sentence in page.lead), (
        page.lead
    )


@pytest.mark.parametrize("outcome", TIGHT)
def test_what_thrashes_in_its_first_step_counts_nowhere_as_fitting(outcome):
    work = with_fate(Work("w"), board_0_cpu=outcome)
    page = build(make_run([work]))
    cell = next(c for row in page.matrix.rows for c in row.cells if c and "board-0" in page.matrix.tiers[c.tier].id)
    assert cell.fit.state != "fits"
    untouched = build(make_run([Work("w")]))
    fits, before = ({c.id: c.number for c in p.counts}["fits"] for p in (page, untouched))
    assert fits == before - 1
    assert name_of(outcome) == cell.fit.state


@pytest.mark.parametrize(
    ("outcome", "failed"),
    [*((o, False) for o in TIGHT), (TimedOut(30.0, "warm-up"), True), (Failed("no", "load"), True)],
)
def test_running_out_of_memory_is_an_answer_and_no_failure_of_the_run(outcome, failed):
    assert RunHandle(make_run([with_fate(Work("w"), board_0_cpu=outcome)])).failed is failed
