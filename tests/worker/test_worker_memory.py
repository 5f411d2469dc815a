"""How many steps the trials take that look at memory."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from builders import trial
from msgspec.structs import replace

from harness.model.case import Pace
from harness.model.events import StepDone
from harness.plan import QUICK
from harness.testing import FakeClock
from harness.worker.roles import memory


def steps_taken(monkeypatch: pytest.MonkeyPatch, seconds: float, pace: Pace) -> int:
    """Steps that were told of a trial whose step takes so long."""
    clock, told = FakeClock(), list[StepDone]()
    monkeypatch.setattr(memory, "time", SimpleNamespace(perf_counter=lambda: clock() / 1e9, perf_counter_ns=clock))
    subject = SimpleNamespace(
        stepper=lambda _marks: lambda: clock.advance(int(seconds * 1e9)),
        trial=replace(trial(role="need"), pace=pace),
        given=(),
    )
    stages = SimpleNamespace(run=lambda _name, work: work())
    channel = SimpleNamespace(send=told.append, measured=lambda *_: None)
    memory.run(subject, stages, channel)
    assert all(isinstance(event, StepDone) and event.seconds == seconds for event in told)
    return len(told)


@pytest.mark.parametrize(("seconds", "further"), [(0.01, 4), (2.0, 4), (3.0, 3), (3.5, 2), (7.0, 1), (100.0, 1)])
def test_a_few_after_the_first_and_one_at_least(monkeypatch, seconds, further):
    assert steps_taken(monkeypatch, seconds, Pace(budget_seconds=7.0, steps=4)) == 1 + further


@pytest.mark.parametrize(("seconds", "further"), [(1.2, 2), (4.4, 1)])
def test_quick_ones_take_two_after_the_first_where_a_step_is_short(monkeypatch, seconds, further):
    assert steps_taken(monkeypatch, seconds, QUICK.memory) == 1 + further
