"""Whether CUDA's multi-process service is there, told by what its daemon leaves in its directory."""

from __future__ import annotations

import os

import pytest

from harness.limits import mps


@pytest.fixture
def daemon(tmp_path):
    """The directory of a daemon that runs: this process stands in for it."""
    (tmp_path / "nvidia-cuda-mps-control.pid").write_text(f"{os.getpid()}\n")
    (tmp_path / "control").touch()
    return tmp_path


def test_a_daemon_that_runs_is_seen(daemon):
    assert mps.is_running(daemon)


def test_the_directory_is_the_one_that_cuda_would_ask(daemon, monkeypatch):
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", str(daemon))
    assert mps.is_running()


@pytest.mark.parametrize("pid", ["", "none", str(2**22 + 1)])
def test_what_a_dead_daemon_left_behind_is_no_daemon(daemon, pid):
    (daemon / "nvidia-cuda-mps-control.pid").write_text(pid)
    assert not mps.is_running(daemon)


def test_without_its_control_pipe_it_cannot_be_asked(daemon):
    (daemon / "control").unlink()
    assert not mps.is_running(daemon)


def test_nobody_is_told_where_nobody_listens(tmp_path):
    assert not mps.is_running(tmp_path / "nothing")
    assert mps.environment(25.0, running=False) == {}
    assert mps.environment(None, running=True) == {}


def test_the_share_is_told_in_percent():
    assert mps.environment(100 * 8 / 132, running=True) == {"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": "6.061"}
