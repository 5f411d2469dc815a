"""When a timing trial looks at outputs: at the first at once, and at one more step's unless that takes too long."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from builders import trial
from msgspec.structs import replace

from harness.model.case import Pace
from harness.model.measure import ELAPSED, LATENCY, TIMED_STEPS
from harness.scenarios.single_stream import MarkTaker
from harness.worker import timing
from harness.worker.failures import NotFinite

PACE = Pace(budget_seconds=0.0, warmup_seconds=0.0, min_rounds=3)
COLD_AND_ROUNDS = 1 + PACE.min_rounds


class Steps:
    """A step that takes itself to be ``bad`` from a certain call on. It takes marks, so that a round is one step."""

    def __init__(self, bad_from: int) -> None:
        self.taken, self.bad_from = 0, bad_from

    def stepper(self, marks: MarkTaker) -> Steps:
        self.marks = marks
        return self

    def __call__(self) -> float:
        self.taken += 1
        self.marks("here")
        return math.nan if self.taken >= self.bad_from else 1.0


def run(steps: Steps, learns: bool = False) -> list:
    told: list = []
    channel = SimpleNamespace(measured=lambda *m: told.extend(m), send=lambda _event: None)
    timing.run(
        steps.stepper,
        replace(trial(), pace=PACE),
        channel,
        lambda _stage, work, _metric=None: work(),
        None,
        learns=learns,
    )
    return told


def test_a_first_output_that_is_bad_ends_the_trial_at_once():
    steps = Steps(bad_from=1)
    with pytest.raises(NotFinite):
        run(steps)
    assert steps.taken == 1


def test_the_output_of_one_more_step_is_looked_at():
    steps = Steps(bad_from=COLD_AND_ROUNDS + 1)
    with pytest.raises(NotFinite):
        run(steps)


@pytest.mark.parametrize(("learns", "more"), [(False, 0), (True, 1)])
def test_a_long_step_is_taken_once_more_only_where_it_learns(monkeypatch, learns, more):
    monkeypatch.setattr(timing, "LONG_STEP_NS", 0)
    steps = Steps(bad_from=100)
    told = run(steps, learns)
    assert steps.taken == COLD_AND_ROUNDS + more
    assert len(next(m for m in told if m.metric == LATENCY and m.stage == "timed").values) == PACE.min_rounds


def test_the_steps_and_the_time_of_the_timed_rounds_are_told():
    told = {m.metric: m.values for m in run(Steps(bad_from=100)) if m.stage == "timed"}
    assert told[TIMED_STEPS] == (PACE.min_rounds,)
    assert told[ELAPSED][0] == pytest.approx(sum(told[LATENCY]))
