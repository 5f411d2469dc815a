"""What an exception means: out of memory in one of its many shapes, or a failure of the workload."""

from __future__ import annotations

import errno
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import UserError
from harness.host.files import HERE
from harness.host.memory import total_bytes
from harness.host.processes import own_bytes
from harness.model.case import Trial
from harness.model.outcome import DoesNotFit, Failed, Outcome, Unsupported
from harness.model.units import show_bytes
from harness.runtimes import NotSupported

_WORDS = re.compile(
    r"defaultcpuallocator: can't allocate memory|cannot allocate memory|failed to allocate memory|std::bad_alloc"
    r"|\bbad allocation\b|\bbad_alloc\b"
)
"""What allocators of known libraries say; it counts only where the process was near its limit, or asked for more."""
_ASKED = re.compile(r"(?:tried to allocate|of size) (\d+(?:\.\d+)?) ?(bytes|[kmgt]i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_NEAR = 0.75
"""Share of the limit from which on a process is near it."""
_LOADING = "failed to map segment from shared object"
"""What the dynamic loader says where a limit leaves no room for a library; a reason behind it would be another one."""
GPU_TYPE, GPU_WORDS = "OutOfMemoryError", "cuda out of memory"
"""What torch raises, and says, where a GPU's memory runs out."""
DETAIL_LINES = 30


class NotFinite(ValueError):  # noqa: N818 - it names what happened
    """A step returned a number that is infinite or not a number."""


@dataclass(frozen=True)
class _Memory:
    """The memory that an error is judged by. ``limit`` and ``reached`` are bytes; ``whose`` is what has the limit."""

    limit: int
    reached: int | None
    whose: str
    capped: bool
    refused: bool = False
    """A resource limit is in force: the kernel answers what goes beyond it with ENOMEM, and says no size."""

    def near(self, asked: int) -> bool:
        """Whether the process was near the limit, or asked for more than was left of it."""
        reached = self.reached or 0
        return reached >= _NEAR * self.limit or reached + asked > self.limit


def outcome_of(error: BaseException, trial: Trial, stage: str) -> Outcome:
    """Return the outcome that stands for an exception raised in ``stage``.

    Only an exception that is known to mean it says that memory ran out. Without a limit to run into that is a failure,
    and no word on what fits.
    """
    memory = _gpus(trial) if _is_gpus(error, trial) else _processs(trial)
    if _ran_out(error, memory) or (trial.limits.memory_bytes is not None and _no_room_to_load(error)):
        line, held = _one_line(error), _held(memory)
        if memory.capped:
            return DoesNotFit(memory.limit, memory.reached, f"allocation failed in {stage}: {line}; {held}")
        return Failed(f"ran out of memory: {line}; {held}", stage, _detail(error))
    if isinstance(error, NotSupported):
        return Unsupported(_shortened(str(error)))
    return Failed(_one_line(error), stage, _detail(error))


def _ran_out(error: BaseException, memory: _Memory) -> bool:
    """Whether the error, or what caused it, says that memory could not be had.

    What was only being handled when it was raised counts where memory was short, too: it may have been overcome.
    """
    if _says_so(error, memory):
        return True
    if error.__cause__ is not None:
        return _ran_out(error.__cause__, memory)
    handled = None if error.__suppress_context__ else error.__context__
    return handled is not None and memory.near(_asked(handled)) and _ran_out(handled, memory)


def _says_so(error: BaseException, memory: _Memory) -> bool:
    """A type that means nothing else, or known words where the machine's own figures bear them out."""
    if isinstance(error, MemoryError) or _is_torchs(error):
        return True
    text = str(error).lower()
    known = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if known and memory.refused:
        return True
    return (known or GPU_WORDS in text or bool(_WORDS.search(text))) and memory.near(_asked(error))


def _is_torchs(error: BaseException) -> bool:
    return any(
        kind.__name__ == GPU_TYPE and kind.__module__.partition(".")[0] == "torch" for kind in type(error).__mro__
    )


def _asked(error: BaseException) -> int:
    """How many bytes the allocation was of, by the error's own words; 0 where they do not say."""
    found = _ASKED.search(str(error))
    if found is None:
        return 0
    return int(float(found[1]) * _UNITS[(found[2] or "")[:1].lower()])


def _is_gpus(error: BaseException, trial: Trial) -> bool:
    """Whether it was the GPU's memory that ran out, and not the process's."""
    if trial.case.device != "gpu":
        return False
    return any(_is_torchs(link) or GPU_WORDS in str(link).lower() for link in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _no_room_to_load(error: BaseException) -> bool:
    return isinstance(error, ImportError) and str(error).endswith(_LOADING)


def _held(memory: _Memory) -> str:
    reached = "an unknown amount" if memory.reached is None else show_bytes(memory.reached)
    return f"it held {reached} of {memory.whose}{show_bytes(memory.limit)}"


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


def _gpus(trial: Trial) -> _Memory:
    """The GPU's: the limit on it, all of it where there is none, and the most that torch's allocator held."""
    torch = sys.modules.get("torch")
    if torch is None:
        return _processs(trial)
    reached, limit = int(torch.cuda.max_memory_reserved()) or None, trial.limits.gpu_memory_bytes
    if limit is not None:
        return _Memory(limit, reached, "", capped=True)
    return _Memory(int(torch.cuda.get_device_properties(0).total_memory), reached, "this GPU's ", capped=True)


def _processs(trial: Trial) -> _Memory:
    """The process's: its limit, or what this machine or container has."""
    limit = trial.limits.memory_bytes
    if limit is not None:
        return _Memory(limit, _peak(), "", capped=True, refused=_has_resource_limit())
    return _Memory(total_bytes(HERE), _peak(), "this machine's ", capped=False)


def _peak() -> int | None:
    """The most that the process held; under a resource limit, which counts what is reserved, its private data."""
    held = own_bytes("VmHWM")
    if not _has_resource_limit():
        return held
    return max(held or 0, own_bytes("VmData") or 0) or None


def _has_resource_limit() -> bool:
    import resource

    return resource.getrlimit(resource.RLIMIT_DATA)[0] != resource.RLIM_INFINITY
