"""Outcomes from what a child said and what the kernel saw."""

from __future__ import annotations

import pytest
from builders import trial

from harness.engine.assemble import THRASH_FAULTS_PER_STEP, assemble, decide
from harness.model.case import Limits
from harness.model.events import Capped, Ended, Found, Measured, Said, StageBegan, StepDone
from harness.model.measure import LATENCY, Finding, Measurement
from harness.model.outcome import DoesNotFit, Failed, Ok, Thrashes, TimedOut
from harness.model.record import Enforced, Usage
from harness.model.spec import Ending

MIB = 1 << 20
LIMIT = 512 * MIB
CAPPED = trial(role="ceiling", limits=Limits(memory_bytes=LIMIT))
IN_FORCE = (Enforced("memory", LIMIT, LIMIT, "cgroup1"),)
NOT_IN_FORCE = (Enforced("memory", LIMIT, None, "none"),)


def ending(signal=None, code=None, **more) -> Ending:
    return Ending(code, signal, 1.0, **{"enforced": IN_FORCE, **more})


def test_a_kill_by_the_kernel_under_a_limit_is_does_not_fit_with_limit_and_peak():
    outcome = decide([StageBegan("load")], ending(signal=9, usage=Usage(LIMIT, oom_kills=1)))
    assert outcome == DoesNotFit(LIMIT, LIMIT, "killed by the kernel at the limit, in load")


def test_another_kill_is_a_failure():
    assert isinstance(decide([], ending(signal=9, usage=Usage(LIMIT, oom_kills=0))), Failed)


def test_a_kill_under_a_limit_that_was_not_read_back_is_no_verdict_on_fit():
    outcome = decide([], ending(signal=9, enforced=NOT_IN_FORCE, usage=Usage(LIMIT, oom_kills=1)))
    assert isinstance(outcome, Failed)


@pytest.mark.parametrize(
    "tail", ["terminate called: std::bad_alloc", "libgomp: Thread creation failed: no", "MemoryError"]
)
def test_shapes_of_running_out_that_leave_only_words_behind(tail):
    assert isinstance(decide([], ending(signal=6, output_tail=tail)), DoesNotFit)


def test_steps_that_keep_reading_from_disk_are_thrashing():
    steps = [StepDone(1.0, 9000), StepDone(1.0, THRASH_FAULTS_PER_STEP), StepDone(1.0, 500)]
    assert decide([*steps, Ended(Ok())], ending(code=0)) == Thrashes(LIMIT, THRASH_FAULTS_PER_STEP + 500)


def test_a_first_step_may_read_from_disk():
    steps = [StepDone(1.0, 9000), StepDone(1.0, 0), StepDone(1.0, 80)]
    assert decide([*steps, Ended(Ok())], ending(code=0)) == Ok()


def test_a_stall_is_thrashing_even_without_a_word_from_the_child():
    assert decide([StageBegan("load")], ending(signal=9, stalled_faults=7000)) == Thrashes(LIMIT, 7000)


def test_time_out_names_limit_and_stage():
    assert decide([StageBegan("warm-up")], ending(signal=9, timed_out_after=600.0)) == TimedOut(600.0, "warm-up")


def test_launch_error_comes_first():
    outcome = decide([], ending(code=127, launch_error="cannot enter the group"))
    assert outcome == Failed("could not be started: cannot enter the group", "launch")


def test_a_killed_helper_process_of_a_trial_that_ended_well_is_a_finding():
    record = assemble(CAPPED, [Ended(Ok())], ending(code=0, usage=Usage(LIMIT, oom_kills=1)), "now")
    assert record.outcome == Ok()
    assert [f.code for f in record.findings] == ["child-killed"]


def test_measurements_of_a_ceiling_trial_are_enforced_and_of_others_measured():
    events = [Measured(Measurement(LATENCY, "timed", "measured", (1.0,))), Ended(Ok())]
    assert assemble(CAPPED, events, ending(code=0), "now").measurements[0].provenance == "enforced"
    assert assemble(trial(), events, ending(code=0), "now").measurements[0].provenance == "measured"


def test_facts_findings_and_the_whole_trials_peak_are_kept():
    events = [Said({"torch": "2"}), Found(Finding("info", "x", "said")), Ended(Ok(), items=4.0)]
    record = assemble(CAPPED, events, ending(code=0, usage=Usage(7 * MIB), means="cgroup1"), "now")
    assert record.facts == {"means": "cgroup1", "torch": "2"}
    assert record.findings[0].subject == CAPPED.id
    assert record.find("tree_peak", "trial").values == (7.0 * MIB,)
    assert record.items == 4.0


def test_a_peak_that_could_not_be_read_is_missing_with_the_reason_and_never_zero():
    peak = assemble(CAPPED, [Ended(Ok())], ending(code=0), "now").find("tree_peak", "trial")
    assert peak.values == ()
    assert peak.missing


def test_output_is_kept_only_where_it_did_not_end_well():
    good = assemble(CAPPED, [Ended(Ok())], ending(code=0, output_tail="hello"), "now")
    bad = assemble(CAPPED, [Ended(Failed("x", "load"))], ending(code=0, output_tail="hello"), "now")
    assert (good.output_tail, bad.output_tail) == ("", "hello")


def test_limits_that_the_child_set_itself_stand_beside_the_kernels():
    own = Enforced("gpu_memory", LIMIT, LIMIT, "torch memory fraction", approximate=True)
    made = assemble(CAPPED, [Capped(own), Ended(Ok())], ending(), "now")
    assert made.enforced == (*IN_FORCE, own)


@pytest.mark.parametrize(("after", "fact"), [(4.5, {"imported_after": "4.500"}), (None, {})])
def test_when_the_libraries_were_there_is_a_fact(after: float | None, fact: dict[str, str]) -> None:
    facts = assemble(trial(role="need"), [Ended(Ok())], ending(imported_after=after), "now").facts
    assert {name: said for name, said in facts.items() if name != "means"} == fact
