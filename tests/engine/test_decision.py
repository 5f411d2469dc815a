"""Outcomes from what a child said and what the kernel saw."""

from __future__ import annotations

import pytest
from builders import trial
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.assemble import assemble
from harness.engine.decision import THRASH_FAULTS_PER_STEP, decide
from harness.model.case import Limits
from harness.model.events import ChildEvent, Ended, Measured, StageBegan, StepDone
from harness.model.measure import TREE_PEAK, Measurement
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut, Unsupported
from harness.model.record import Enforced, Usage
from harness.model.spec import Ending

MIB = 1 << 20
LIMIT = 512 * MIB
IN_FORCE = (Enforced("memory", LIMIT, LIMIT, "cgroup1"),)
APPROXIMATE = (Enforced("memory", LIMIT, LIMIT, "rlimit", approximate=True),)
NOT_IN_FORCE = (Enforced("memory", LIMIT, None, "none"),)
STEP = StepDone(1.0, 0)
ACCOUNTS = (
    Ok(),
    Failed("CalledProcessError", "warm-up"),
    Unsupported("slower than the board"),
    Thrashes(LIMIT, 9),
    None,
)


def ending(signal=None, code=None, **more) -> Ending:
    return Ending(code, signal, 1.0, **{"enforced": IN_FORCE, **more})


def account(outcome: Outcome | None) -> list[ChildEvent]:
    return [StageBegan("warm-up"), *([] if outcome is None else [Ended(outcome)])]


def test_a_kill_by_the_kernel_under_a_limit_is_does_not_fit_with_limit_peak_and_count():
    outcome = decide([StageBegan("load")], ending(signal=9, usage=Usage(LIMIT, oom_kills=1, at_limit=3)))
    assert outcome == DoesNotFit(LIMIT, LIMIT, "the kernel killed 1 process at the limit, in load")


@pytest.mark.parametrize("said", ACCOUNTS)
@pytest.mark.parametrize(
    "more", [{"code": 0}, {"signal": 9, "timed_out_after": 15.0}, {"signal": 9, "stalled_faults": 9}]
)
def test_a_kill_in_the_group_comes_before_whatever_the_main_process_said_or_did(said, more):
    outcome = decide(account(said), ending(**more, usage=Usage(LIMIT, oom_kills=6, at_limit=1)))
    assert outcome == DoesNotFit(LIMIT, LIMIT, "the kernel killed 6 processes at the limit, in warm-up")


@given(kills=st.integers(0, 9), said=st.sampled_from(ACCOUNTS), given_bytes=st.sampled_from([None, LIMIT]))
def test_nothing_is_ok_where_the_kernel_killed_for_memory(kills, said, given_bytes):
    enforced = (Enforced("memory", LIMIT, given_bytes, "cgroup1"),)
    outcome = decide(account(said), ending(code=0, enforced=enforced, usage=Usage(LIMIT, oom_kills=kills)))
    assert not (kills and isinstance(outcome, Ok))
    assert not (given_bytes is None and isinstance(outcome, DoesNotFit))


@pytest.mark.parametrize("role", ["ceiling", "fit", "paced", "prepare", "energy"])
def test_the_rule_holds_in_every_role(role):
    limited = trial(role=role, limits=Limits(memory_bytes=LIMIT))
    record = assemble(limited, account(Ok()), ending(code=0, usage=Usage(LIMIT, oom_kills=1)), "now")
    assert isinstance(record.outcome, DoesNotFit)


def test_the_peak_is_that_of_all_stages_where_a_stage_reset_the_mark():
    stage = Measured(Measurement(TREE_PEAK, "load", "measured", (float(LIMIT),)))
    outcome = decide([stage, StageBegan("timed")], ending(code=0, usage=Usage(9 * MIB, oom_kills=1)))
    assert outcome.reached_bytes == LIMIT


@pytest.mark.parametrize("limits", [IN_FORCE, (), NOT_IN_FORCE])
@pytest.mark.parametrize("said", [Ok(), None])
def test_a_kill_above_the_trials_own_limit_is_the_machines_want_and_no_verdict_on_fit(limits, said):
    usage = Usage(9 * MIB, oom_kills=1, at_limit=0)
    outcome = decide(account(said), ending(9, enforced=limits, usage=usage, short_of="this container may use 324 MiB"))
    assert outcome == Failed("ran out of memory: this container may use 324 MiB", "warm-up")


def test_without_a_group_a_kill_that_was_counted_around_it_is_the_machines_want():
    outcome = decide([], ending(9, enforced=APPROXIMATE, short_of="this machine has 23.5 GiB"))
    assert outcome == Failed("ran out of memory: this machine has 23.5 GiB", "launch")


def test_another_kill_is_a_failure():
    assert decide([], ending(signal=9, usage=Usage(LIMIT, oom_kills=0))) == Failed("killed by SIGKILL", "launch")


@pytest.mark.parametrize("number", range(35, 65))
def test_a_real_time_signal_is_named_by_its_number(number):
    outcome = decide([StageBegan("load")], ending(signal=number))
    assert isinstance(outcome, Failed)
    assert outcome.error.startswith("killed by S" if number == 64 else f"killed by signal {number}")


TRACEBACK = (
    'Traceback (most recent call last):\n  File "s.py", line 3, in go\n    b = bytearray(1 << 40)\nMemoryError\n'
)
ABORTED = "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n"


@pytest.mark.parametrize(
    ("more", "tail"),
    [
        ({"signal": 6}, ABORTED),
        ({"code": 1}, TRACEBACK),
        (
            {"code": 1},
            TRACEBACK.replace("MemoryError", "numpy._core._exceptions._ArrayMemoryError: Unable to allocate"),
        ),
        ({"code": 1, "enforced": APPROXIMATE}, "\nlibgomp: Thread creation failed: Resource temporarily unavailable\n"),
    ],
)
def test_marks_that_only_running_out_of_memory_leaves_behind(more, tail):
    assert isinstance(decide([], ending(**more, output_tail=tail)), DoesNotFit)
    assert isinstance(decide([], ending(**{**more, "enforced": NOT_IN_FORCE}, output_tail=tail)), Failed)


@pytest.mark.parametrize(
    ("more", "tail"),
    [
        ({"code": 3}, "retrying after MemoryError\n"),
        ({"code": 1}, "MemoryError\n"),
        ({"code": 3}, TRACEBACK),
        ({"code": 1}, TRACEBACK + "caught; and then it had no licence\n"),
        ({"signal": 6}, "assertion failed: a bad_alloc is not expected here\n"),
        ({"signal": 11}, ABORTED),
        ({"code": 1}, "libgomp: Thread creation failed: Resource temporarily unavailable\n"),
        ({"code": 1}, "cannot allocate memory for a TCP port\n"),
    ],
)
def test_a_text_that_only_looks_like_it_is_a_failure(more, tail):
    assert isinstance(decide([], ending(**more, output_tail=tail)), Failed)


def test_how_much_it_held_stands_in_the_reason():
    outcome = decide([], ending(signal=6, output_tail=ABORTED, usage=Usage(500 * MIB)))
    assert outcome == DoesNotFit(
        LIMIT, 500 * MIB, "aborted by std::bad_alloc when memory ran out, in launch; it held 500 MiB of 512 MiB"
    )


def test_steps_that_keep_reading_from_disk_are_thrashing():
    steps = [StepDone(1.0, 9000), StepDone(1.0, THRASH_FAULTS_PER_STEP), StepDone(1.0, 500)]
    assert decide([*steps, Ended(Ok())], ending(code=0)) == Thrashes(LIMIT, THRASH_FAULTS_PER_STEP + 500)


def test_a_first_step_may_read_from_disk():
    steps = [StepDone(1.0, 9000), StepDone(1.0, 0), StepDone(1.0, 80)]
    assert decide([*steps, Ended(Ok())], ending(code=0)) == Ok()


@pytest.mark.parametrize("done", [[STEP], [StageBegan("timed")]])
def test_a_stall_after_a_completed_step_is_thrashing(done):
    stalled = ending(signal=9, stalled_faults=7000, timed_out_after=30.0)
    assert decide([StageBegan("warm-up"), *done], stalled) == Thrashes(LIMIT, 7000)
    assert decide([StageBegan("warm-up"), *done, Ended(Ok())], ending(code=0, stalled_faults=7000)) == Thrashes(
        LIMIT, 7000
    )


def test_what_failed_while_it_thrashed_has_failed():
    failed = Failed("no", "timed")
    assert decide([STEP, STEP, Ended(failed)], ending(code=0, stalled_faults=7000)) == failed
    assert isinstance(decide([STEP, STEP], ending(signal=11, stalled_faults=7000)), Failed)


@pytest.mark.parametrize("stage", ["import", "load", "warm-up"])
def test_without_a_completed_step_it_timed_out_while_thrashing(stage):
    stalled = ending(signal=9, stalled_faults=7000, timed_out_after=30.0)
    assert decide([StageBegan(stage)], stalled) == TimedOut(30.0, stage, thrashing=True)


def test_time_out_names_limit_and_stage():
    assert decide([StageBegan("warm-up")], ending(signal=9, timed_out_after=600.0)) == TimedOut(600.0, "warm-up")


def test_launch_error_comes_first():
    outcome = decide([], ending(code=127, launch_error="cannot enter the group"))
    assert outcome == Failed("could not be started: cannot enter the group", "launch")
