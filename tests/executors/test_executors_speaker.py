"""Only the trial's own process speaks for it: a fork that comes back out of the workload ends it as failed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from builders import trial

import harness
from harness.engine.assemble import assemble
from harness.engine.decision import STRANGER
from harness.executors.speaker import Speaker
from harness.model import codec
from harness.model.events import Ended, Said, StageBegan
from harness.model.outcome import Failed, Ok
from harness.model.spec import Ending
from harness.worker.channel import Channel

SUITE = """
import os, sys

from harness import Model, Workload


class Forks:
    runtimes = ("python",)
    quick = {}
    taken = 0

    def build(self, place):
        return Model(self.go)

    def go(self):
        self.taken += 1
        if self.taken == 1 and os.fork() == 0:
            self.inside()
        return 1.0


class Raises(Forks, Workload):
    name = "raises"

    def inside(self):
        raise KeyError("in the child only")


class Returns(Forks, Workload):
    name = "returns"

    def inside(self):
        pass


class Exits(Forks, Workload):
    name = "exits"

    def inside(self):
        sys.exit(3)


class Leaves(Forks, Workload):
    name = "leaves"

    def inside(self):
        os._exit(0)
"""


def test_what_another_process_says_is_not_taken_and_known():
    speaker = Speaker()
    began, ended = StageBegan("load"), Ended(Ok())
    assert speaker.event(codec.encode_event(began, 7)) == began
    assert speaker.event(codec.encode_event(began, 8)) is None
    assert speaker.stranger == 8
    assert speaker.event(codec.encode_event(ended, 9)) is None
    assert speaker.stranger == 8
    assert speaker.event(codec.encode_event(ended, 7)) == ended


def test_after_the_end_nothing_is_taken_and_a_second_end_least_of_all():
    speaker = Speaker()
    assert speaker.event(codec.encode_event(Ended(Ok()), 7)) == Ended(Ok())
    assert speaker.event(codec.encode_event(Ended(Failed("late", "timed")), 7)) is None
    assert speaker.event(codec.encode_event(Said({"threads": "2"}), 7)) is None
    assert speaker.stranger is None


def test_what_has_no_sender_is_not_taken_and_accuses_nobody():
    speaker = Speaker()
    speaker.event(codec.encode_event(StageBegan("load"), 7))
    assert speaker.event(codec.encode(Ended(Ok()))) is None
    assert speaker.stranger is None
    with pytest.raises(codec.FormatError):
        speaker.event(b"printed by the workload")


def test_a_fork_has_one_word_and_is_over():
    receive, send = os.pipe()
    channel = Channel(send)
    channel.begin("timed")
    pid = os.fork()
    if pid == 0:
        channel.send(Ended(Ok()))
        os._exit(0)  # not reached: it would be as good an end as the trial's own
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    channel.send(Ended(Ok()))
    os.close(send)
    with os.fdopen(receive, "rb") as lines:
        said = [(codec.sender_of(line), codec.decode_event(line)) for line in lines]
    own = os.getpid()
    assert said == [(own, StageBegan("timed")), (pid, StageBegan("timed")), (own, Ended(Ok()))]


def test_the_trial_has_failed_and_says_why():
    events = [StageBegan("timed"), Ended(Ok())]
    record = assemble(trial(), events, Ending(None, 9, 1.0, stranger=4711), "2026-01-01T00:00:00")
    assert record.outcome == Failed(STRANGER, "timed")


@pytest.mark.slow
def test_forks_of_real_workloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "forking.py").write_text(SUITE)
    run = harness.run("forking", quick=True, budget=0.1, include=(tmp_path,), out=tmp_path / "run").data
    ended = {r.trial.case.workload.name: r.outcome for r in run.records if r.trial.role == "need"}
    assert {name: getattr(outcome, "error", "ok") for name, outcome in ended.items()} == {
        "raises": STRANGER,
        "returns": STRANGER,
        "exits": "ok",
        "leaves": "ok",
    }
    for record in run.records:
        figures = [(m.metric.id, m.stage, m.marks) for m in record.measurements]
        assert len(figures) == len(set(figures)), "each figure once"
