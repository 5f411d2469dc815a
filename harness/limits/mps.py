"""NVIDIA's multi-process service: where its daemon runs, a process can be given a share of a GPU's multiprocessors."""

from __future__ import annotations

import os
from pathlib import Path

from harness.model.spec import MPS_PERCENTAGE

_DIRECTORY, _USUAL = "CUDA_MPS_PIPE_DIRECTORY", "/tmp/nvidia-mps"  # where the daemon puts its pipes, by its manual
_PID, _CONTROL = "nvidia-cuda-mps-control.pid", "control"


def is_running(directory: Path | None = None) -> bool:
    """Whether the daemon that uses ``directory`` (by default the one that CUDA would ask) is there."""
    pipes = directory or Path(os.environ.get(_DIRECTORY) or _USUAL)
    try:
        pid = int((pipes / _PID).read_text())
        os.kill(pid, 0)
    except PermissionError:
        return (pipes / _CONTROL).exists()
    except (OSError, ValueError):
        return False
    return (pipes / _CONTROL).exists()


def environment(percent: float | None, running: bool) -> dict[str, str]:
    """What tells CUDA to use only so many percent of a GPU's multiprocessors; empty where nobody would listen."""
    return {MPS_PERCENTAGE: f"{percent:.4g}"} if percent is not None and running else {}
