"""One test's entry in ``extra_info``: figures with their unit in the name, and for each that is None the reason."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.meters.memory import ProcessMemory
from harness.meters.torch_cuda import TorchCuda
from harness.model.measure import GPU_ALLOCATED, GPU_RESERVED, PROCESS_BASELINE, PROCESS_PEAK
from harness.pytest_plugin import energy
from harness.pytest_plugin.entry import ENERGY, Call, Entry, raised

ONE_CALL = "one call after the timed rounds"
OFF = "tierbench_memory is false"
ALL_CALLS = "all calls, timed rounds included"
HOST = {PROCESS_PEAK.id: "host_peak_bytes", PROCESS_BASELINE.id: "host_baseline_bytes"}
DELTA = "host_delta_bytes"
ALL_CALLS_DELTA = "host_delta_all_calls_bytes"
GPU = {GPU_ALLOCATED.id: "gpu_allocated_peak_bytes", GPU_RESERVED.id: "gpu_reserved_peak_bytes"}


@dataclass(frozen=True)
class Wanted:
    """What is asked for a test: memory, a window for energy; and whether its function may be called once more."""

    memory: bool
    energy: bool
    extra_call: bool


@contextmanager
def highest(into: dict[str, Any]) -> Generator[None, None, None]:
    """Note how far the process grows over all that pytest-benchmark does: what one further call might not show.

    The mark is reset before and read after it; nothing is freed or collected, and nothing happens meanwhile.
    """
    host = ProcessMemory() if Path("/proc/self/status").exists() else None
    if host is not None:
        host.begin()
    yield
    found = {m.metric.id: m.values[0] for m in host.end("timed") if m.values} if host is not None else {}
    if found.keys() >= HOST.keys():
        into[ALL_CALLS_DELTA] = int(found[PROCESS_PEAK.id] - found[PROCESS_BASELINE.id])


def after(call: Call, wanted: Wanted) -> dict[str, Any]:
    """Call the function once more, its memory measured, and for as long as energy needs where that is wanted."""
    entry, seconds = Entry(), None
    if not wanted.memory:
        _no_memory(entry, OFF)
    else:
        try:
            with call.ready() as function:
                seconds = _once(function, entry)
        except Exception as error:  # the test has passed: that its function cannot be called again is no failure of it
            _no_memory(entry, raised(error))
            entry.put(ENERGY, None, raised(error))
            return entry.as_dict(ONE_CALL)
    energy.put(entry, call, wanted.energy, seconds)
    return entry.as_dict(ONE_CALL)


@contextmanager
def during(into: dict[str, Any]) -> Generator[None, None, None]:
    """Measure memory around all that pytest-benchmark does, for a function that must not be called once more."""
    entry, memory = Entry(), Memory()
    memory.begin()
    yield
    memory.end(entry)
    entry.put(ENERGY, None, "the test's mark tierbench(extra_call=False) rules out a window of its own")
    into.update(entry.as_dict(ALL_CALLS))


def _once(function: Callable[[], Any], entry: Entry) -> float:
    """Call it with its memory measured; gives the seconds it took."""
    memory = Memory()
    memory.begin()
    start = time.perf_counter_ns()
    result = function()
    seconds = (time.perf_counter_ns() - start) / 1e9
    memory.end(entry)
    del result
    return seconds


def _no_memory(entry: Entry, reason: str) -> None:
    for name in (*HOST.values(), DELTA, *GPU.values()):
        entry.put(name, None, reason)


class Memory:
    """Peaks of this process and of torch's allocator on the GPU, between ``begin`` and ``end``."""

    def __init__(self) -> None:
        self._host = ProcessMemory() if Path("/proc/self/status").exists() else None
        self._gpu = TorchCuda()

    def begin(self) -> None:
        """Give back what is free, note what is resident, reset the peaks."""
        give_back()
        self._gpu.begin()
        if self._host is not None:
            self._host.begin()

    def end(self, entry: Entry) -> None:
        """Put the figures into an entry, the host's first: reading them allocates."""
        if self._host is None:
            for name in HOST.values():
                entry.put(name, None, "the host's memory is read from /proc, which this system does not have")
        else:
            for measurement in self._host.end("timed"):
                if measurement.metric.id in HOST:
                    entry.measured(HOST[measurement.metric.id], measurement)
        peak, baseline = (entry.figures[name] for name in HOST.values())
        known = peak is not None and baseline is not None
        entry.put(DELTA, peak - baseline if known else None, " and ".join({*entry.missing.values()}))
        self._end_gpu(entry)

    def _end_gpu(self, entry: Entry) -> None:
        if "torch" not in sys.modules:
            for name in GPU.values():
                entry.put(name, None, "torch is not loaded")
            return
        for measurement in self._gpu.end("timed"):
            entry.measured(GPU[measurement.metric.id], measurement)


def give_back() -> None:
    """Free garbage, and return to the kernel what the allocator kept of it.

    Else memory that the timed rounds used and freed would still be resident, and a further call that uses it again
    would seem to need none.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc has it
        trim(0)
