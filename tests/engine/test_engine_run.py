"""The engine with an executor that runs nothing: order, what is written, resume, stopping, broken preparation."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from builders import capabilities, manifest, plan_of, trial
from msgspec.structs import replace

from harness import store
from harness.engine import Engine, Stop
from harness.engine.prepared import Preparation, at_once
from harness.model import codec
from harness.model.case import Trial
from harness.model.events import Ended, Notice, StageBegan, TrialEnded, TrialStage, TrialStarted
from harness.model.machine import Gpu
from harness.model.outcome import Failed, Ok, Unsupported
from harness.model.spec import Ending, Prepared
from harness.testing import FakeExecutor, succeed


def preparing(trial: Trial):
    if trial.role == "prepare":
        target = Path(trial.settings["prepared_file"])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(codec.encode(Prepared(1, ())))
    return succeed(trial)


@pytest.fixture
def rig(tmp_path):
    class Rig:
        plan = plan_of(*(trial(name, role) for name in "ab" for role in ("need", "timing")))
        executor = FakeExecutor(preparing)
        stop = Stop()

        def __init__(self) -> None:
            self.events: list[object] = []

        def engine(self, writer) -> Engine:
            preparation = Preparation(tmp_path / "cache", {"torch": "2"})
            return Engine(self.executor, writer, preparation, self.events.append, self.stop)

        def run(self, path=tmp_path / "run") -> bool:
            with store.RunWriter.create(path, manifest(self.plan)) as writer:
                return self.engine(writer).run(self.plan)

        def ran(self) -> list[str]:
            return [t.id for t in self.executor.executed if t.role != "prepare"]

    return Rig()


def test_every_trial_is_run_once_in_the_plans_order_and_written(rig, tmp_path):
    assert rig.run()
    assert rig.ran() == [t.id for t in rig.plan.trials]
    run = store.read(tmp_path / "run")
    assert [r.trial_id for r in run.records] == rig.ran()
    assert run.complete


def test_each_work_is_prepared_once_before_anything_is_measured(rig):
    rig.run()
    roles = [t.role for t in rig.executor.executed]
    assert roles[:2] == ["prepare", "prepare"]
    assert "prepare" not in roles[2:]


def test_two_works_are_prepared_at_once_where_there_is_room(rig, tmp_path):
    meeting = threading.Barrier(2, timeout=30)

    def together(trial: Trial):
        if trial.role == "prepare":
            meeting.wait()
        return preparing(trial)

    rig.executor.script = together
    with store.RunWriter.create(tmp_path / "run", manifest(rig.plan)) as writer:
        engine = rig.engine(writer)
        engine.prepare_at_once = 2
        assert engine.run(rig.plan)
    assert rig.ran() == [t.id for t in rig.plan.trials]


@pytest.mark.parametrize(
    ("cores", "gibibytes", "gpu", "number"), [(2, 24, 0, 2), (8, 64, 0, 2), (8, 64, 1, 1), (1, 64, 0, 1), (4, 4, 0, 1)]
)
def test_how_many_works_are_prepared_at_once_goes_by_cores_and_memory_and_a_gpu_is_not_shared(
    cores, gibibytes, gpu, number
):
    gpus = (Gpu(0, "H100", 80 << 30),) * gpu
    assert at_once(replace(capabilities(cores), memory_bytes=gibibytes << 30, gpus=gpus)) == number


def test_what_is_prepared_stays_prepared_for_the_next_run(rig, tmp_path):
    rig.run()
    rig.executor.executed.clear()
    rig.run(tmp_path / "second")
    assert "prepare" not in [t.role for t in rig.executor.executed]


def test_a_work_that_cannot_be_prepared_is_recorded_as_failed_and_the_others_go_on(rig, tmp_path):
    def script(trial: Trial):
        if trial.role == "prepare" and trial.case.workload.name == "a":
            said = "libfoo: cannot open model.dat: set FOO_HOME\n"
            return [Ended(Failed("ValueError: no", "load"))], Ending(0, None, 0.1, output_tail=said)
        return preparing(trial)

    rig.executor.script = script
    assert rig.run()
    records = store.read(tmp_path / "run").records
    assert all(isinstance(r.outcome, Failed) == ("tiny/a" in r.trial_id) for r in records)
    assert all(("FOO_HOME" in r.output_tail) == ("tiny/a" in r.trial_id) for r in records)
    assert not any("tiny/a" in name for name in rig.ran())


def test_a_work_that_its_runtime_cannot_run_is_unsupported_with_the_reason_and_no_error(rig, tmp_path):
    def script(trial: Trial):
        if trial.role == "prepare" and trial.case.workload.name == "a":
            return [Ended(Unsupported("ncnn has no layer for it"))], Ending(0, None, 0.1)
        return preparing(trial)

    rig.executor.script = script
    assert rig.run()
    records = [r for r in store.read(tmp_path / "run").records if "tiny/a" in r.trial_id]
    assert [r.outcome for r in records] == [Unsupported("ncnn has no layer for it")] * 2
    assert [r.findings for r in records] == [(), ()]


def test_stop_soon_ends_after_the_running_trial_whose_record_is_kept(rig, tmp_path):
    def script(trial: Trial):
        rig.stop.soon = trial.role != "prepare"
        return preparing(trial)

    rig.executor.script = script
    assert not rig.run()
    assert len(store.read(tmp_path / "run").records) == 1


def test_resume_runs_only_what_is_missing(rig, tmp_path):
    def once(trial: Trial):
        rig.stop.soon = trial.role != "prepare"
        return preparing(trial)

    rig.executor.script = once
    rig.run()
    rig.executor.script, rig.stop.soon = preparing, False
    rig.executor.executed.clear()
    writer, run = store.RunWriter.resume(tmp_path / "run")
    with writer:
        assert rig.engine(writer).run(run.manifest.plan, run.records)
    assert rig.ran() == [t.id for t in rig.plan.trials[1:]]
    assert store.read(tmp_path / "run").complete


def test_a_cancelled_trial_leaves_no_record(rig, tmp_path):
    rig.executor.script = lambda t: preparing(t) if t.role == "prepare" else ([], Ending(None, 9, 0.1, cancelled=True))
    assert not rig.run()
    assert store.read(tmp_path / "run").records == ()


def test_a_launch_that_fails_is_tried_again(rig, tmp_path):
    tries: list[str] = []

    def script(trial: Trial):
        if trial.role == "prepare":
            return preparing(trial)
        tries.append(trial.id)
        return ([], Ending(127, None, 0.1, launch_error="no")) if len(tries) == 1 else succeed(trial)

    rig.executor.script = script
    assert rig.run()
    assert len(tries) == len(rig.plan.trials) + 1
    assert all(isinstance(r.outcome, Ok) for r in store.read(tmp_path / "run").records)


def test_events_tell_of_each_trial_from_start_to_end(rig):
    rig.run()
    kinds = [type(e) for e in rig.events]
    assert kinds[0] == Notice
    assert kinds[-3:] == [TrialStarted, TrialStage, TrialEnded]
    assert [e.number for e in rig.events if isinstance(e, TrialEnded)] == [1, 2, 3, 4]


def test_a_trial_without_account_of_itself_is_failed_not_lost(rig, tmp_path):
    rig.executor.script = lambda t: (
        preparing(t) if t.role == "prepare" else ([StageBegan("load")], Ending(None, 9, 0.1))
    )
    assert rig.run()
    outcomes = [r.outcome for r in store.read(tmp_path / "run").records]
    assert outcomes == [Failed("killed by SIGKILL", "load")] * 4


def test_a_file_that_is_gone_since_it_was_read_is_not_asked_for(rig, tmp_path):
    there, gone = tmp_path / "there.so", tmp_path / "gone.db-shm"
    there.touch()
    preparation = Preparation(tmp_path / "cache", {"torch": "2"})
    one = rig.plan.trials[0]
    file = preparation._file(one)
    file.parent.mkdir(parents=True)
    file.write_bytes(codec.encode(Prepared(1, (str(there), str(gone)))))
    assert preparation.known(one).files == (str(there),)
