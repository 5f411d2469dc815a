"""The limits of a GPU tier that only the process itself can set: its share of the memory and of the multiprocessors."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.case import Limits
from harness.model.record import Enforced
from harness.model.units import show_bytes
from harness.worker.torch_gpu import SharedGpu

FRACTION, MPS, GREEN, NONE = "torch memory fraction", "CUDA MPS", "CUDA green context", "none"


def apply(limits: Limits, gpu: SharedGpu) -> Iterator[Enforced]:
    """Set what ``limits`` ask of the GPU, read it back and say what is in force."""
    context = gpu.begin()
    if limits.gpu_memory_bytes is not None:
        yield _memory(limits.gpu_memory_bytes, context, gpu)
    if limits.gpu_multiprocessors is not None:
        yield _multiprocessors(limits.gpu_multiprocessors, gpu)


def _memory(asked: int, context: int | None, gpu: SharedGpu) -> Enforced:
    """What the context takes is no longer there for torch's allocator."""
    total, taken = gpu.total_bytes(), context or 0
    share = gpu.cap(min(1.0, max(0.0, (asked - taken) / total)))
    own = "is not in it" if context is None else f"took {show_bytes(taken)} of it"
    note = f"only torch's allocator is capped; the CUDA context {own}; what libraries allocate is not counted"
    return Enforced("gpu_memory", asked, round(share * total) + taken, FRACTION, approximate=True, note=note)


def _multiprocessors(asked: int, gpu: SharedGpu) -> Enforced:
    there = gpu.multiprocessors()
    if (held := gpu.by_mps()) is not None:
        return _held(asked, held, MPS, "the driver rounds what it is asked for")
    if there <= asked:
        note = f"asked {asked}, this GPU has {there}" if there < asked else ""
        return Enforced("gpu_multiprocessors", asked, there, NONE, note=note)
    try:
        given = gpu.partition(asked)
    except Exception as error:  # an interface in beta must not fail the trial
        return _not_held(asked, f"a green context could not be made: {type(error).__name__}: {error}")
    if given is None:
        return _not_held(asked, "no MPS daemon is running, and torch's green contexts cannot be used or read back here")
    return _held(asked, given, GREEN, "of the stream that the step computes on; the driver rounds up")


def _held(asked: int, given: int, means: str, note: str) -> Enforced:
    return Enforced("gpu_multiprocessors", asked, given, means, note=note if given != asked else "")


def _not_held(asked: int, note: str) -> Enforced:
    return Enforced("gpu_multiprocessors", asked, None, NONE, note=note)
