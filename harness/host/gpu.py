"""NVIDIA GPUs as NVML sees them, without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from harness.host import multiprocessors
from harness.model.machine import Gpu

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tenants(Struct, frozen=True):
    """What is on a GPU besides us: bytes in use, the processes that NVML names, whether its driver stays loaded."""

    index: int
    used_bytes: int | None
    processes: int | None
    persistent: bool | None


def gpus(
    unified_bytes: int, nvml: Any = None, counts: Callable[[], Sequence[int]] = multiprocessors.counts
) -> tuple[Gpu, ...]:
    """The GPUs, in NVML's order; none where there is no driver.

    A GPU that shares the machine's memory has no memory of its own to report: it gets ``unified_bytes``.
    """
    with _session(nvml) as library:
        if library is None:
            return ()
        driver = str(_ask(library, "nvmlSystemGetDriverVersion") or "")
        found = [_gpu(library, index, driver, unified_bytes) for index in _indices(library)]
    return _counted(found, counts() if found else ())


def tenants(nvml: Any = None) -> tuple[Tenants, ...]:
    """What is running on each GPU now."""
    with _session(nvml) as library:
        return tuple(_tenants(library, index) for index in _indices(library)) if library is not None else ()


@contextmanager
def _session(nvml: Any) -> Iterator[Any]:
    """NVML for as long as it is asked; None where it cannot be used."""
    library = nvml or (import_module("pynvml") if find_spec("pynvml") else None)
    if library is None:
        yield None
        return
    try:
        library.nvmlInit()
    except Exception:  # no driver, one that does not suit the library, or none that may be used
        yield None
        return
    try:
        yield library
    finally:
        _ask(library, "nvmlShutdown")


def _counted(found: Sequence[Gpu], counts: Sequence[int]) -> tuple[Gpu, ...]:
    """With their multiprocessors, where CUDA sees the same GPUs: with MIG on it sees parts of them."""
    if len(counts) != len(found) or any(gpu.mig for gpu in found):
        return tuple(found)
    return tuple(replace(gpu, multiprocessors=count) for gpu, count in zip(found, counts, strict=True))


def _ask(library: Any, call: str, *arguments: object) -> Any:
    """What a call gives, None where this GPU, driver or version of the library does not support it.

    nvidia-ml-py raises errors of several families, some of them no NVMLError: none may end a command that runs on CPUs.
    """
    try:
        return getattr(library, call)(*arguments)
    except Exception:
        return None


def _indices(library: Any) -> range:
    return range(_ask(library, "nvmlDeviceGetCount") or 0)


def _gpu(library: Any, index: int, driver: str, unified_bytes: int) -> Gpu:
    handle = _ask(library, "nvmlDeviceGetHandleByIndex", index)
    memory = _ask(library, "nvmlDeviceGetMemoryInfo", handle)
    mig = _ask(library, "nvmlDeviceGetMigMode", handle)
    name = str(_ask(library, "nvmlDeviceGetName", handle) or "NVIDIA GPU")
    return Gpu(index, name, memory.total if memory else unified_bytes, driver, bool(mig and mig[0]))


def _tenants(library: Any, index: int) -> Tenants:
    handle = _ask(library, "nvmlDeviceGetHandleByIndex", index)
    memory = _ask(library, "nvmlDeviceGetMemoryInfo", handle)
    running = _ask(library, "nvmlDeviceGetComputeRunningProcesses", handle)
    persistent = _ask(library, "nvmlDeviceGetPersistenceMode", handle)
    return Tenants(
        index,
        memory.used if memory else None,
        None if running is None else len(running),
        None if persistent is None else bool(persistent),
    )
