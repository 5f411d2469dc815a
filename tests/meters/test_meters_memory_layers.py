"""What is resident at the end of a stage, against pages whose kind is known; what malloc says of itself."""

from __future__ import annotations

import ctypes
import mmap
import os

import pytest

from harness.meters.allocator import NOT_GLIBC, Allocator, glibc, mallinfo2
from harness.meters.memory import Residency
from harness.model.spec import TreeWatch

MIB = 1 << 20


def now(meter):
    meter.begin()
    return {m.metric.id: m for m in meter.end("timed")}


def grown(before, after, metric):
    return (after[metric].values[0] - before[metric].values[0]) / MIB


def touched(size, *, shared=False):
    kind = mmap.MAP_SHARED if shared else mmap.MAP_PRIVATE
    pages = mmap.mmap(-1, size, kind | mmap.MAP_ANONYMOUS)
    for at in range(0, size, mmap.PAGESIZE):
        pages[at] = 1
    return pages


def test_private_pages_are_in_both():
    before = now(Residency(None))
    with touched(32 * MIB):
        after = now(Residency(None))
    assert grown(before, after, "pss") == pytest.approx(32, abs=1)
    assert grown(before, after, "uss") == pytest.approx(32, abs=1)


def test_pages_shared_with_a_child_count_once():
    before = now(Residency(None))
    with touched(32 * MIB, shared=True) as pages:
        go, stop = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            sum(pages[at] for at in range(0, 32 * MIB, mmap.PAGESIZE))
            os.write(go[1], b"x")
            os.read(stop[0], 1)
            os._exit(0)
        os.read(go[0], 1)
        after = now(Residency(None))
        os.write(stop[1], b"x")
        os.waitpid(child, 0)
        for end in (*go, *stop):
            os.close(end)
    assert 31 <= grown(before, after, "pss") <= 40
    assert after["pss"].values[0] >= after["uss"].values[0]


def test_the_group_by_kind_of_page(tmp_path):
    stat = tmp_path / "memory.stat"
    stat.write_text("cache 5\ntotal_cache 4096\ntotal_rss 8192\n")
    found = now(Residency(TreeWatch(None, "", None, str(stat), "total_rss", "total_cache")))
    assert found["tree_anonymous"].values == (8192.0,)
    assert found["tree_file"].values == (4096.0,)


def test_without_a_group_its_pages_are_missing_with_the_reason():
    found = now(Residency(None))
    assert "no group of its own" in found["tree_anonymous"].missing
    assert found["tree_file"].values == ()


@pytest.mark.skipif(glibc() is None, reason="needs glibc")
def test_malloc_counts_what_is_held_and_what_was_freed():
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    before = now(Allocator())
    blocks = [libc.malloc(64 * 1024) for _ in range(256)]
    held = now(Allocator())
    for block in blocks[:-1]:  # the last keeps the heap from being given back
        libc.free(ctypes.c_void_p(block))
    freed = now(Allocator())
    libc.free(ctypes.c_void_p(blocks[-1]))
    assert grown(before, held, "allocator_used") == pytest.approx(16, rel=0.02)
    assert grown(before, freed, "allocator_used") == pytest.approx(0, abs=0.3)
    assert grown(held, freed, "allocator_free") == pytest.approx(16, rel=0.05)


def test_another_c_library_is_a_reason():
    found = now(Allocator(lambda: NOT_GLIBC))
    assert {m.missing for m in found.values()} == {NOT_GLIBC}
    assert {m.values for m in found.values()} == {()}


def test_this_machine_gives_figures_or_a_sentence():
    assert isinstance(mallinfo2(), str) == (glibc() is None)
