"""Memory in threads, in other processes, and shared between them."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness import Place

from ._programs import CHILD, MIB, Pages, _Program, in_fork, of_this_process, own_bytes, tell

HOLD_SECONDS = 0.02
WAIT = "import sys\nsys.stdout.flush()\nsys.stdin.read()\n"


class Threads(_Program):
    """Four threads that hold 32 MiB each at the same time."""

    name = "threads"

    def prepare(self, place: Place) -> Callable[[], Any]:
        def step() -> None:
            together = threading.Barrier(4)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(hold, [together] * 4))

        def hold(together: threading.Barrier) -> None:
            pages = Pages(32)
            together.wait()
            time.sleep(HOLD_SECONDS)
            pages.free()

        return step


class ChildrenAtOnce(_Program):
    """Three processes with 64 MiB each at the same time; each says how much anonymous memory it has."""

    name = "children-at-once"

    def prepare(self, place: Place) -> Callable[[], Any]:
        command = [sys.executable, "-I", "-S", "-c", CHILD.format(size=64 * MIB) + WAIT]
        pipe = subprocess.PIPE

        def step() -> None:
            children = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(3)]
            said = [int(child.stdout.readline()) for child in children]
            time.sleep(HOLD_SECONDS)
            for child in children:
                child.communicate()
            assert min(said) >= 64 * MIB
            tell(self.name, sum(said))

        return step


class ForkAfterAllocate(_Program):
    """128 MiB held from load on; in each step a fork that shares them and writes to 64 MiB, and says what it copied."""

    name = "fork-after-allocate"

    def prepare(self, place: Place) -> Callable[[], Any]:
        held = Pages(128)

        def write() -> None:
            held.write(2, 64 * MIB)
            time.sleep(HOLD_SECONDS)

        def step() -> None:
            copied = own_bytes(in_fork(write))
            assert 64 * MIB <= copied < 68 * MIB
            tell(self.name, copied)

        return step


class Orphan(_Program):
    """96 MiB in a process whose parent has ended, so that it is no child of the program any more."""

    name = "orphan"

    def prepare(self, place: Place) -> Callable[[], Any]:
        def hold() -> None:
            if os.fork():
                os._exit(0)  # whose child goes on alone
            self.pages = Pages(96)
            time.sleep(HOLD_SECONDS)

        def step() -> None:
            own = own_bytes(in_fork(hold))
            assert 96 * MIB <= own < 100 * MIB
            tell(self.name, own)

        return step


class SharedMemory(_Program):
    """128 MiB that two processes map: written by the program, read in a fork, which says what is its alone."""

    name = "shared-memory"

    def prepare(self, place: Place) -> Callable[[], Any]:
        def read(area: mmap.mmap) -> None:
            before = of_this_process("Rss")
            assert sum(area[:: mmap.PAGESIZE]) == len(area) // mmap.PAGESIZE
            assert of_this_process("Rss") - before >= 128 * MIB
            time.sleep(HOLD_SECONDS)

        def step() -> None:
            area = mmap.mmap(-1, 128 * MIB, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
            for page in range(0, len(area), mmap.PAGESIZE):
                area[page] = 1
            own = own_bytes(in_fork(lambda: read(area)))
            assert own < 4 * MIB
            tell(self.name, 128 * MIB + own)
            area.close()

        return step
