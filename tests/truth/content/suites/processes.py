"""Memory in threads, in other processes, and shared between them."""

from __future__ import annotations

import mmap
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness import Place

from ._programs import MIB, Pages, _Program, in_fork, of_this_process, own_bytes, tell

HOLD_SECONDS = 0.02


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
    """Three forks with 64 MiB each at the same time, which say what is theirs alone."""

    name = "children-at-once"

    def prepare(self, place: Place) -> Callable[[], Any]:
        def step() -> None:
            all_hold, one_holds = os.pipe()
            end, at_end = os.pipe()
            forks = [in_fork(lambda: hold(one_holds, end, at_end)) for _ in range(3)]
            for _ in forks:
                assert os.read(all_hold, 1) == b"."
            time.sleep(HOLD_SECONDS)
            os.close(at_end)
            own = [own_bytes(fork) for fork in forks]
            assert min(own) >= 64 * MIB
            tell(self.name, sum(own))
            for descriptor in (all_hold, one_holds, end):
                os.close(descriptor)

        def hold(one_holds: int, end: int, at_end: int) -> None:
            os.close(at_end)
            self.pages = Pages(64)
            os.write(one_holds, b".")
            os.read(end, 1)  # nothing is ever written: it returns when the program closes its own end

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
    """64 MiB that two processes map: written by the program, read in a fork, which says what is its alone."""

    name = "shared-memory"

    def prepare(self, place: Place) -> Callable[[], Any]:
        def read(area: mmap.mmap) -> None:
            before = of_this_process("Rss")
            assert sum(area[:: mmap.PAGESIZE]) == len(area) // mmap.PAGESIZE
            assert of_this_process("Rss") - before >= 64 * MIB
            time.sleep(HOLD_SECONDS)

        def step() -> None:
            area = mmap.mmap(-1, 64 * MIB, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
            for page in range(0, len(area), mmap.PAGESIZE):
                area[page] = 1
            own = own_bytes(in_fork(lambda: read(area)))
            assert own < 4 * MIB
            tell(self.name, 64 * MIB + own)
            area.close()

        return step
