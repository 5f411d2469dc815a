"""Memory as allocators and the kernel deal it out: arenas, blocks kept, pages never touched, huge pages."""

from __future__ import annotations

import ctypes
import mmap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness import Place

from ._programs import LIBC, MIB, _Program, address_of, page_of, resident_pages, tell

BLOCK = 64 << 10
"""Small enough that glibc takes it from an arena and never maps it by itself."""
HUGE = 2 * MIB
LIBC.malloc.argtypes, LIBC.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
LIBC.free.argtypes = [ctypes.c_void_p]


def blocks(mib: int) -> list[int]:
    """That much from malloc in small blocks, every page written and asserted to be resident."""
    found = [LIBC.malloc(BLOCK) for _ in range(mib * MIB // BLOCK)]
    for block in found:
        ctypes.memset(block, 1, BLOCK)
        assert resident_pages(page_of(block), BLOCK) == BLOCK // mmap.PAGESIZE
    return found


def free(found: list[int]) -> None:
    for block in found:
        LIBC.free(block)


class Arenas(_Program):
    """32 MiB from the malloc of each of four threads, all held at the same time in load."""

    name = "arenas"

    def prepare(self, place: Place) -> Callable[[], Any]:
        together = threading.Barrier(4)

        def hold(_: int) -> None:
            found = blocks(32)
            together.wait()
            free(found)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(hold, range(4)))
        return lambda: None


class FreedAndKept(_Program):
    """128 MiB from malloc in load, freed below a block that stays, so that malloc keeps them; again in each step."""

    name = "freed-and-kept"

    def prepare(self, place: Place) -> Callable[[], Any]:
        found = blocks(128)
        ctypes.memset(LIBC.malloc(BLOCK), 1, BLOCK)  # it stays above them
        free(found)
        middle = found[len(found) // 2]
        assert resident_pages(page_of(middle), BLOCK) == BLOCK // mmap.PAGESIZE
        return lambda: free(blocks(128))


class Reserved(_Program):
    """1 GiB mapped, of which 96 MiB are ever touched."""

    name = "reserved"

    def prepare(self, place: Place) -> Callable[[], Any]:
        def step() -> None:
            area = mmap.mmap(-1, 1024 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            area.madvise(mmap.MADV_NOHUGEPAGE)
            ctypes.memset(address_of(area), 1, 96 * MIB)
            assert resident_pages(address_of(area), len(area)) == 96 * MIB // mmap.PAGESIZE
            area.close()

        return step


class HugePages(_Program):
    """128 MiB asked for in huge pages and touched once in each; what the kernel did not give so is touched as well."""

    name = "huge-pages"

    def prepare(self, place: Place) -> Callable[[], Any]:
        def step() -> None:
            area = mmap.mmap(-1, 128 * MIB + HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            first = -address_of(area) % HUGE
            begin = address_of(area) + first
            area.madvise(mmap.MADV_HUGEPAGE, first, 128 * MIB)
            for place in range(begin, begin + 128 * MIB, HUGE):
                ctypes.memset(place, 1, 1)
            tell("huge-pages.touched-once", resident_pages(begin, 128 * MIB) * mmap.PAGESIZE)
            ctypes.memset(begin, 1, 128 * MIB)
            assert resident_pages(begin, 128 * MIB) == 128 * MIB // mmap.PAGESIZE
            area.close()

        return step
