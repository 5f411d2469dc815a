"""What an exception means: out of memory in one of its many shapes, or a failure of the workload."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator

from harness.errors import UserError
from harness.host.memory import page_bytes
from harness.host.processes import own_bytes
from harness.model.case import Trial
from harness.model.outcome import DoesNotFit, Failed, Outcome, Unsupported
from harness.runtimes import NotSupported

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
GPU_TYPE, GPU_WORDS = "OutOfMemoryError", "cuda out of memory"
"""What torch raises, and says, where a GPU's memory runs out."""
DETAIL_LINES = 30


class NotFinite(ValueError):  # noqa: N818 - it names what happened
    """A step returned a number that is infinite or not a number."""


def is_allocation_failure(error: BaseException) -> bool:
    """Whether ``error``, or what caused it, says that memory could not be had."""
    return any(_names(link) & set(_ALLOCATION_TYPES) or _speaks_of_allocation(str(link)) for link in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _is_gpus(error: BaseException, trial: Trial) -> bool:
    """Whether it was the GPU's memory that ran out, and not the process's."""
    if trial.case.device != "gpu":
        return False
    return any(GPU_TYPE in _names(link) or GPU_WORDS in str(link).lower() for link in _chain(error))


def _speaks_of_allocation(text: str) -> bool:
    return any(phrase in text.lower() for phrase in _ALLOCATION)


def _no_room_to_load(error: BaseException) -> bool:
    return isinstance(error, ImportError) and str(error).endswith(_LOADING)


def outcome_of(error: BaseException, trial: Trial, stage: str) -> Outcome:
    """The outcome that stands for an exception raised in ``stage``."""
    if is_allocation_failure(error) or (trial.limits.memory_bytes is not None and _no_room_to_load(error)):
        limit, reached = _on_gpu(trial) if _is_gpus(error, trial) else (_limit(trial), _peak())
        return DoesNotFit(limit, reached, f"allocation failed in {stage}: {_one_line(error)}")
    if isinstance(error, NotSupported):
        return Unsupported(_shortened(str(error)))
    return Failed(_one_line(error), stage, _detail(error))


def _one_line(error: BaseException) -> str:
    if isinstance(error, UserError):
        return error.line
    text = _shortened(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _shortened(text: str) -> str:
    return " ".join(text.split())[:400]


def _detail(error: BaseException) -> str:
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(lines[-DETAIL_LINES:])


def _on_gpu(trial: Trial) -> tuple[int, int | None]:
    """The limit on the GPU's memory, all of it where there is none, and the most that torch's allocator held."""
    torch = sys.modules.get("torch")
    if torch is None:
        return _limit(trial), None
    reached = int(torch.cuda.max_memory_reserved()) or None
    if trial.limits.gpu_memory_bytes is not None:
        return trial.limits.gpu_memory_bytes, reached
    return int(torch.cuda.get_device_properties(0).total_memory), reached


def _limit(trial: Trial) -> int:
    if trial.limits.memory_bytes is not None:
        return trial.limits.memory_bytes
    return os.sysconf("SC_PHYS_PAGES") * page_bytes()


def _peak() -> int | None:
    return own_bytes("VmHWM")
