"""How long a step of a paced trial is to take: asked when it starts, of all that has been measured by then."""

from __future__ import annotations

import pytest
from builders import case, manifest, plan_of, record, trial
from msgspec.structs import replace

from harness import store
from harness.engine import Engine, Stop
from harness.engine.pacing import no_projection, settled
from harness.engine.prepared import Preparation
from harness.model.case import Pace, Trial
from harness.model.outcome import DoesNotFit, Failed, Ok, Unsupported
from harness.testing import FakeExecutor, succeed

BOARD = case(profile="board")
PACED = replace(trial(role="paced"), case=BOARD, pace=Pace(budget_seconds=3, min_rounds=3), timeout_seconds=60)
CEILING = replace(trial(role="ceiling"), case=BOARD)
TIMING = trial()


def at(seconds: float):
    return lambda _trial, _records: seconds


def test_the_trial_is_told_how_long_a_step_is_to_take():
    assert settled(PACED, [], at(0.02)).pace == replace(PACED.pace, step_seconds=0.02)


def test_its_time_limit_grows_by_what_the_fewest_steps_take_beyond_the_budget():
    assert settled(PACED, [], at(0.02)).timeout_seconds == 60
    assert settled(PACED, [], at(10.0)).timeout_seconds == 60 + 30 - 3


def test_steps_longer_than_anyone_waits_for_are_not_run():
    found = settled(PACED, [], at(21.0))
    assert found == Unsupported("3 steps of the projected 21 s take longer than its time limit of 60 s")


def test_without_a_projection_it_is_not_run_and_says_so():
    assert settled(PACED, [], no_projection) == Unsupported("no projection for this tier")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [(DoesNotFit(1, 1, "killed"), "does not fit"), (Failed("ValueError: no", "load"), "failed")],
)
def test_what_did_not_run_under_the_tiers_limits_is_not_slowed_down(outcome, words):
    found = settled(PACED, [record(CEILING, outcome)], at(0.02))
    assert found == Unsupported(f"under this tier's limits it ended otherwise: {words}")


def test_another_case_that_did_not_fit_says_nothing():
    other = replace(CEILING, case=case(profile="other"))
    assert isinstance(settled(PACED, [record(other, DoesNotFit(1, 1, "killed"))], at(0.02)), Trial)


@pytest.fixture
def rig(tmp_path):
    class Rig:
        plan = plan_of(TIMING, CEILING, PACED)
        executor = FakeExecutor(succeed)
        stop = Stop()

        def __init__(self) -> None:
            self.asked: list[tuple[str, list[str]]] = []

        def pacing(self, asked, records):
            self.asked.append((asked.id, [r.trial_id for r in records]))
            return 0.02

        def engine(self, writer, pacing=None) -> Engine:
            preparation = Preparation(tmp_path / "cache", {})
            return Engine(self.executor, writer, preparation, stop=self.stop, pacing=pacing or self.pacing)

        def run(self, pacing=None):
            with store.RunWriter.create(tmp_path / "run", manifest(self.plan)) as writer:
                self.engine(writer, pacing).run(self.plan)
            return {r.trial.role: r for r in store.read(tmp_path / "run").records}

        def resume(self):
            writer, so_far = store.RunWriter.resume(tmp_path / "run")
            with writer:
                self.engine(writer).run(so_far.manifest.plan, so_far.records)

    return Rig()


def test_it_is_asked_once_when_the_trial_starts_of_all_records_so_far(rig):
    rig.run()
    assert rig.asked == [(PACED.id, [TIMING.id, CEILING.id])]


def test_the_record_keeps_what_was_asked(rig):
    assert rig.run()["paced"].trial.pace.step_seconds == 0.02
    assert rig.executor.executed[-1].pace.step_seconds == 0.02


def test_what_cannot_be_paced_is_recorded_and_no_process_is_started(rig):
    found = rig.run(no_projection)["paced"]
    assert found.outcome == Unsupported("no projection for this tier")
    assert "paced" not in [t.role for t in rig.executor.executed]


def test_a_resumed_run_asks_with_the_records_it_had(rig):
    def stopping(of):
        rig.stop.soon = of.role == "ceiling"
        return succeed(of)

    rig.executor.script = stopping
    assert set(rig.run()) == {"timing", "ceiling"}
    rig.executor.script, rig.stop.soon = succeed, False
    rig.resume()
    assert rig.asked == [(PACED.id, [TIMING.id, CEILING.id])]


def test_a_run_without_paced_trials_keeps_no_records_in_memory(rig, tmp_path):
    plan = plan_of(TIMING)
    with store.RunWriter.create(tmp_path / "other", manifest(plan)) as writer:
        engine = rig.engine(writer)
        engine.run(plan)
    assert engine._records == []
    assert isinstance(store.read(tmp_path / "other").records[0].outcome, Ok)
