"""Programs whose peak is known, because each touches its pages itself and asserts that the kernel holds them."""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harness import Model, Place, Workload

MIB = 1 << 20
CHILD = """
import mmap
area = mmap.mmap(-1, {size}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, len(area), mmap.PAGESIZE):
    area[page] = 1
with open("/proc/self/smaps_rollup") as file:
    print(next(int(line.split()[1]) << 10 for line in file if line.startswith("Anonymous")))
"""


class Pages:
    """Private anonymous memory with every page written, and asserted to be resident."""

    def __init__(self, mib: int) -> None:
        self.size = mib * MIB
        self._map = mmap.mmap(-1, self.size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        view = ctypes.c_char.from_buffer(self._map)
        ctypes.memset(ctypes.addressof(view), 1, self.size)
        assert resident_pages(ctypes.addressof(view), self.size) == self.size // mmap.PAGESIZE

    def free(self) -> None:
        self._map.close()


def resident_pages(address: int, size: int) -> int:
    """Pages of that range which are in memory, by mincore."""
    vector = (ctypes.c_ubyte * (size // mmap.PAGESIZE))()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), vector) == 0, os.strerror(ctypes.get_errno())
    return sum(page & 1 for page in bytes(vector))


def of_this_process(field: str) -> int:
    """A sum over this process's mappings in bytes, exact (``/proc/self/status`` may lag behind)."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{field}:"))


def burst(mib: int, seconds: float) -> None:
    """Hold that much for that long, and no longer."""
    pages = Pages(mib)
    time.sleep(seconds)
    pages.free()


class _Program(Workload):
    family = "truth"
    runtimes = ("python",)


class HeldAndBurst(_Program):
    """100 MiB held from load on, 512 MiB more for 20 ms in each step."""

    name = "held-and-burst"

    def build(self, place: Place) -> Model:
        self.held = Pages(100)
        return Model(lambda: burst(512, 0.020))


class ShortBurst(_Program):
    """512 MiB for 2 ms."""

    name = "short-burst"

    def build(self, place: Place) -> Model:
        return Model(lambda: burst(512, 0.002))


class AfterFreed(_Program):
    """1 GiB in load, freed; 64 MiB in each step."""

    name = "after-freed"

    def build(self, place: Place) -> Model:
        burst(1024, 0.0)
        return Model(lambda: burst(64, 0.0))


class MappedFile(_Program):
    """128 MiB of a file, mapped and read in load, as weights are."""

    name = "mapped-file"

    def build(self, place: Place) -> Model:
        path = place.cache / "truth-mapped-file"
        if not path.exists():
            path.write_bytes(os.urandom(128 * MIB))
        with path.open("rb") as file:
            self.mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        before = of_this_process("Rss") - of_this_process("Anonymous")
        assert sum(self.mapped[:: mmap.PAGESIZE]) > 0
        assert of_this_process("Rss") - of_this_process("Anonymous") - before >= 128 * MIB
        return Model(lambda: None)


class ChildProcess(_Program):
    """256 MiB in a process of its own; what that process says of itself goes to the file in TIERBENCH_TRUTH."""

    name = "child-process"

    def build(self, place: Place) -> Model:
        command = [sys.executable, "-I", "-S", "-c", CHILD.format(size=256 * MIB)]

        def step() -> None:
            said = subprocess.check_output(command, text=True)
            assert int(said) >= 256 * MIB
            Path(os.environ["TIERBENCH_TRUTH"]).write_text(said)

        return Model(step)


class NumpyArray(_Program):
    """128 MiB in a numpy array."""

    name = "numpy-array"
    requires = ("numpy",)

    def build(self, place: Place) -> Model:
        import numpy

        def step() -> float:
            array = numpy.ones(128 * MIB // 8)
            assert resident_pages(_page_of(array.ctypes.data), array.nbytes) >= array.nbytes // mmap.PAGESIZE
            return float(array[:: mmap.PAGESIZE // 8].sum())

        return Model(step)


class TorchTensor(_Program):
    """128 MiB in a torch tensor."""

    name = "torch-tensor"
    runtimes = ("torch-eager",)
    requires = ("torch",)

    def build(self, place: Place) -> Model:
        import torch

        def step() -> Any:
            tensor = torch.ones(128 * MIB // 4)
            assert resident_pages(_page_of(tensor.data_ptr()), tensor.nbytes) >= tensor.nbytes // mmap.PAGESIZE
            return tensor[:: mmap.PAGESIZE // 4].sum()

        return Model(step)


def _page_of(address: int) -> int:
    return address & -mmap.PAGESIZE
