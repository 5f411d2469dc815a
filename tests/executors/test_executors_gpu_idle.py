"""Waiting for a GPU's memory after a trial. NVML's answers and the clock are replayed."""

from __future__ import annotations

import os

import pytest
from builders import trial
from msgspec.structs import replace

from harness.engine.assemble import assemble
from harness.executors.gpu_idle import PATIENCE_SECONDS, GpuIdle, gpu_index
from harness.executors.local import LocalExecutor
from harness.model.case import Limits
from harness.model.spec import Ending

GIB = 1 << 30
KILLED = Ending(None, 9, 1.0)


class Replay:
    """A GPU that lets go of a killed process's memory ``after`` seconds."""

    def __init__(self, after, held=4 * GIB):
        self.seconds, self.after, self.held, self.asked = 0.0, after, held, []

    def used(self, index):
        self.asked.append(index)
        return GIB + (self.held if self.seconds < self.after else 0)

    def sleep(self, seconds):
        self.seconds += seconds

    def idle(self):
        return GpuIdle(self.used, lambda: self.seconds, self.sleep)


@pytest.fixture
def on_gpu():
    made = trial(role="need")
    return replace(made, case=replace(made.case, target="gpu1", device="gpu"))


def test_the_next_trial_waits_until_the_memory_is_back(on_gpu):
    gpu = Replay(after=1.5)
    assert gpu.idle().settled(on_gpu, GIB, KILLED) == KILLED
    assert gpu.seconds == pytest.approx(1.5, abs=0.11)
    assert set(gpu.asked) == {1}


def test_it_waits_no_longer_than_its_patience_and_says_so(on_gpu):
    gpu = Replay(after=1e9)
    ending = gpu.idle().settled(on_gpu, GIB, KILLED)
    assert PATIENCE_SECONDS <= gpu.seconds < PATIENCE_SECONDS + 1
    (told,) = assemble(on_gpu, [], ending, "now").findings
    assert (told.code, told.subject) == ("gpu-not-idle", on_gpu.id)
    assert "still held 3.97 GiB more" in told.message


def test_a_device_that_is_back_is_not_waited_for(on_gpu):
    gpu = Replay(after=0.0)
    assert gpu.idle().baseline(on_gpu) == GIB
    assert gpu.idle().settled(on_gpu, GIB, KILLED) == KILLED
    assert gpu.seconds == 0


def test_a_trial_on_the_processor_asks_nothing():
    gpu = Replay(after=1e9)
    assert gpu.idle().baseline(trial()) is None
    assert gpu.idle().settled(trial(), None, KILLED) == KILLED
    assert gpu.asked == []


def test_a_user_who_stops_does_not_wait(on_gpu):
    stopped = replace(KILLED, cancelled=True)
    assert Replay(after=1e9).idle().settled(on_gpu, GIB, stopped) == stopped


@pytest.mark.parametrize(
    ("profile", "target", "index"),
    [("host", "gpu", 0), ("host", "gpu1", 1), ("board", "gpu", 0), ("board", "gpu1", 0), ("board", "igpu", 0)],
)
def test_each_gpu_of_this_host_is_its_own_and_the_first_stands_for_a_boards(on_gpu, profile, target, index):
    made = replace(on_gpu, case=replace(on_gpu.case, profile=profile, target=target))
    assert gpu_index(made) == index


def test_a_trial_is_told_its_share_of_the_gpu_where_mps_listens(on_gpu, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", str(tmp_path))
    shared = replace(on_gpu, limits=Limits(gpu_percent=25.0))
    environment = LocalExecutor(tmp_path)._environment
    assert "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE" not in environment(shared)
    (tmp_path / "nvidia-cuda-mps-control.pid").write_text(str(os.getpid()))
    (tmp_path / "control").touch()
    assert environment(shared)["CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"] == "25"
    assert environment(shared)["CUDA_VISIBLE_DEVICES"] == "1"
