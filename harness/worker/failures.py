"""What an exception means: out of memory in one of its many shapes, or a failure of the workload."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from harness.errors import UserError
from harness.meters.memory import status_bytes
from harness.model.case import Trial
from harness.model.outcome import DoesNotFit, Failed, Outcome

_ALLOCATION = (
    "defaultcpuallocator",
    "can't allocate memory",
    "cannot allocate memory",
    "failed to allocate memory",
    "bad allocation",
    "std::bad_alloc",
    "unable to allocate",
    "thread creation failed",
    "cuda out of memory",
)
_LOADING = "failed to map segment from shared object"
"""What the dynamic loader says where a limit leaves no room for a library; a reason behind it would be another one."""
_ALLOCATION_TYPES = ("MemoryError", "OutOfMemoryError", "_ArrayMemoryError")
DETAIL_LINES = 30


class NotFinite(ValueError):  # noqa: N818 - it names what happened
    """A step returned a number that is infinite or not a number."""


def is_allocation_failure(error: BaseException) -> bool:
    """Whether ``error``, or what caused it, says that memory could not be had."""
    chain: BaseException | None = error
    while chain is not None:
        names = {kind.__name__ for kind in type(chain).__mro__}
        if names & set(_ALLOCATION_TYPES) or _speaks_of_allocation(str(chain)):
            return True
        chain = chain.__cause__ or chain.__context__
    return False


def _speaks_of_allocation(text: str) -> bool:
    return any(phrase in text.lower() for phrase in _ALLOCATION)


def _no_room_to_load(error: BaseException) -> bool:
    return isinstance(error, ImportError) and str(error).endswith(_LOADING)


def outcome_of(error: BaseException, trial: Trial, stage: str) -> Outcome:
    """The outcome that stands for an exception raised in ``stage``."""
    if is_allocation_failure(error) or (trial.limits.memory_bytes is not None and _no_room_to_load(error)):
        return DoesNotFit(_limit(trial), _peak(), f"allocation failed in {stage}: {_one_line(error)}")
    return Failed(_one_line(error), stage, _detail(error))


def _one_line(error: BaseException) -> str:
    if isinstance(error, UserError):
        return error.line
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:400]}" if text else type(error).__name__


def _detail(error: BaseException) -> str:
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(lines[-DETAIL_LINES:])


def _limit(trial: Trial) -> int:
    if trial.limits.memory_bytes is not None:
        return trial.limits.memory_bytes
    torch = sys.modules.get("torch")
    if trial.case.device == "gpu" and torch is not None:
        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _peak() -> int | None:
    return status_bytes(Path("/proc/self/status").read_text(), "VmHWM")
