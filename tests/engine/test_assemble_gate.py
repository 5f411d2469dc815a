"""Memory of a gate trial says by which allocator it was measured."""

from builders import trial

from harness.engine.assemble import assemble
from harness.model.case import HELD_STILL_SAID
from harness.model.events import Ended, Measured
from harness.model.measure import LOAD_TIME, PROCESS_PEAK, Measurement
from harness.model.outcome import Ok
from harness.model.record import Usage
from harness.model.spec import Ending


def found(role):
    events = [
        Measured(Measurement(PROCESS_PEAK, "timed", "measured", (1.0,))),
        Measured(Measurement(LOAD_TIME, "load", "measured", (1.0,))),
        Ended(Ok()),
    ]
    return assemble(trial(role=role), events, Ending(0, None, 1.0, usage=Usage(7)), "now")


def test_every_memory_figure_of_a_gate_trial_is_labelled_and_no_other():
    gate = found("gate")
    assert gate.find("process_peak").metric.how.endswith(HELD_STILL_SAID)
    assert gate.find("tree_peak", "trial").metric.how.endswith(HELD_STILL_SAID)
    assert HELD_STILL_SAID not in gate.find("load_time").metric.how
    assert HELD_STILL_SAID not in found("need").find("tree_peak", "trial").metric.how
