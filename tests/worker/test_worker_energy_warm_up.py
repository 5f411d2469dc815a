"""An energy trial warms its steps up before the first window, as a timing trial does."""

from __future__ import annotations

from types import SimpleNamespace

from builders import trial
from msgspec.structs import replace

from harness.model.case import Pace
from harness.testing import FakeClock
from harness.worker.roles import energy as role


def test_a_compilers_slow_first_steps_are_over_when_the_window_begins(monkeypatch):
    clock, taken, in_window = FakeClock(), [], []

    def step() -> None:
        taken.append(100 if len(taken) < 8 else 10)
        clock.advance(taken[-1] * 1_000_000)

    stream = role.SingleStream
    monkeypatch.setattr(role, "SingleStream", lambda step, pace: stream(step, pace, clock))
    monkeypatch.setattr(role.energy, "run", lambda *_: in_window.append(len(taken)))
    subject = SimpleNamespace(stepper=lambda _marks: step, trial=replace(trial(role="energy"), pace=Pace()), items=1.0)
    role.run(subject, SimpleNamespace(run=lambda _stage, work: work()), None)
    assert in_window[0] > 8
    assert taken[-3:] == [10, 10, 10]
