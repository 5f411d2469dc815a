"""Records from what a child said and what the kernel saw."""

from __future__ import annotations

import pytest
from builders import trial

from harness.engine.assemble import assemble
from harness.model.case import Limits
from harness.model.events import Capped, Ended, Found, Measured, Said
from harness.model.measure import LATENCY, Finding, Measurement
from harness.model.outcome import Failed, Ok
from harness.model.record import Enforced, Usage
from harness.model.spec import Ending

MIB = 1 << 20
LIMIT = 512 * MIB
CAPPED = trial(role="ceiling", limits=Limits(memory_bytes=LIMIT))
IN_FORCE = (Enforced("memory", LIMIT, LIMIT, "cgroup1"),)


def ending(signal=None, code=None, **more) -> Ending:
    return Ending(code, signal, 1.0, **{"enforced": IN_FORCE, **more})


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
