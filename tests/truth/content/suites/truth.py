"""Programs of known peak that are tried by every means of enforcement: held, burst, freed, mapped, in a child."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from harness import Place

from ._programs import CHILD, MIB, Pages, _Program, burst, of_this_process, page_of, resident_pages, tell


class HeldAndBurst(_Program):
    """100 MiB held from load on, 512 MiB more for 20 ms in each step."""

    name = "held-and-burst"

    def prepare(self, place: Place) -> Callable[[], Any]:
        self.held = Pages(100)
        return lambda: burst(512, 0.020)


class ShortBurst(_Program):
    """512 MiB for 2 ms."""

    name = "short-burst"

    def prepare(self, place: Place) -> Callable[[], Any]:
        return lambda: burst(512, 0.002)


class AfterFreed(_Program):
    """1 GiB in load, freed; 64 MiB in each step."""

    name = "after-freed"

    def prepare(self, place: Place) -> Callable[[], Any]:
        burst(1024, 0.0)
        return lambda: burst(64, 0.0)


class MappedFile(_Program):
    """128 MiB of a file, mapped and read in load, as weights are."""

    name = "mapped-file"

    def prepare(self, place: Place) -> Callable[[], Any]:
        path = place.cache / "truth-mapped-file"
        if not path.exists():
            path.write_bytes(os.urandom(128 * MIB))
        with path.open("rb") as file:
            self.mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        before = of_this_process("Rss") - of_this_process("Anonymous")
        assert sum(self.mapped[:: mmap.PAGESIZE]) > 0
        assert of_this_process("Rss") - of_this_process("Anonymous") - before >= 128 * MIB
        return lambda: None


class ChildProcess(_Program):
    """256 MiB in a process of its own, which says how much anonymous memory it has."""

    name = "child-process"

    def prepare(self, place: Place) -> Callable[[], Any]:
        command = [sys.executable, "-I", "-S", "-c", CHILD.format(size=256 * MIB)]

        def step() -> None:
            said = int(subprocess.check_output(command, text=True))
            assert said >= 256 * MIB
            tell(self.name, said)

        return step


class NumpyArray(_Program):
    """128 MiB in a numpy array."""

    name = "numpy-array"
    requires = ("numpy",)

    def prepare(self, place: Place) -> Callable[[], Any]:
        import numpy

        def step() -> float:
            array = numpy.ones(128 * MIB // 8)
            assert resident_pages(page_of(array.ctypes.data), array.nbytes) >= array.nbytes // mmap.PAGESIZE
            return float(array[:: mmap.PAGESIZE // 8].sum())

        return step


class TorchTensor(_Program):
    """128 MiB in a torch tensor."""

    name = "torch-tensor"
    runtimes = ("torch-eager",)
    requires = ("torch",)

    def prepare(self, place: Place) -> Callable[[], Any]:
        import torch

        def step() -> Any:
            tensor = torch.ones(128 * MIB // 4)
            assert resident_pages(page_of(tensor.data_ptr()), tensor.nbytes) >= tensor.nbytes // mmap.PAGESIZE
            return tensor[:: mmap.PAGESIZE // 4].sum()

        return step
