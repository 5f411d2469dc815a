"""What the programs of the test of truth share: pages that are asserted to be there, forks, a word to the poller."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from harness import Model, Place, Workload

MIB = 1 << 20
LIBC = ctypes.CDLL(None, use_errno=True)
POLLER, TOLD = "TIERBENCH_TRUTH_POLLER", "TIERBENCH_TRUTH"
"""The environment's names for the poller's socket and for the folder in which programs tell what they know alone."""
CHILD = """
import mmap
area = mmap.mmap(-1, {size}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, len(area), mmap.PAGESIZE):
    area[page] = 1
with open("/proc/self/smaps_rollup") as file:
    print(next(int(line.split()[1]) << 10 for line in file if line.startswith("Anonymous")))
"""
"""A process that touches ``size`` bytes and prints how many bytes of anonymous memory it then has."""


class _Program(Workload):
    """A program of known peak: ``prepare`` does its work in load and gives its step."""

    family = "truth"
    runtimes = ("python",)
    quick: ClassVar[Any] = {}

    def prepare(self, place: Place, **parameters: Any) -> Callable[[], Any]:
        raise NotImplementedError

    def build(self, place: Place, **parameters: Any) -> Model:
        points = ",".join(f"{name}={value}" for name, value in parameters.items())
        self.point = f"{self.name}[{points}]" if points else self.name
        with watched(self.point, "load"):
            return Model(self.prepare(place, **parameters))

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Any) -> Any:
        with watched(self.point, "step"):
            return call(*inputs)


@contextmanager
def watched(program: str, part: str) -> Iterator[None]:
    """Let the poller, where there is one, look at this process meanwhile; this begins after its first look and ends
    after its last.
    """
    if POLLER not in os.environ:
        yield
        return
    with socket.socket(socket.AF_UNIX) as poller:
        poller.connect(os.environ[POLLER])
        poller.sendall(json.dumps({"program": program, "part": part, "pid": os.getpid()}).encode())
        assert poller.recv(2) == b"go"
        yield
        poller.sendall(b"end")
        assert poller.recv(2) == b"go"


def tell(program: str, size: int) -> None:
    """Bytes that only the program itself can know of."""
    (Path(os.environ[TOLD]) / program).write_text(str(size))


class Pages:
    """Private anonymous memory with every page written, and asserted to be resident."""

    def __init__(self, mib: int) -> None:
        self.size = mib * MIB
        self._map = mmap.mmap(-1, self.size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.write(1, self.size)
        assert resident_pages(address_of(self._map), self.size) == self.size // mmap.PAGESIZE

    def write(self, value: int, size: int) -> None:
        """Fill that many bytes from the beginning."""
        ctypes.memset(address_of(self._map), value, size)

    def free(self) -> None:
        self._map.close()


def address_of(area: mmap.mmap) -> int:
    """Where a writable mapping begins."""
    return ctypes.addressof(ctypes.c_char.from_buffer(area))


def resident_pages(address: int, size: int) -> int:
    """Pages of that range which are in memory, by mincore."""
    vector = (ctypes.c_ubyte * (size // mmap.PAGESIZE))()
    found = LIBC.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), vector)
    assert found == 0, os.strerror(ctypes.get_errno())
    return sum(page & 1 for page in bytes(vector))


def page_of(address: int) -> int:
    """Where the page of an address begins."""
    return address & -mmap.PAGESIZE


def of_this_process(field: str) -> int:
    """A sum over this process's mappings in bytes, exact (``/proc/self/status`` may lag behind)."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{field}:"))


def burst(mib: int, seconds: float) -> None:
    """Hold that much for that long, and no longer."""
    pages = Pages(mib)
    time.sleep(seconds)
    pages.free()


def in_fork(work: Callable[[], Any]) -> tuple[int, int]:
    """Do ``work`` in a fork of this process: its number, and a descriptor on which it says, as it ends, how many bytes
    are its own alone: what it allocated, and copies of pages that it inherited and wrote to. Nothing where it failed.
    """
    receive, send = os.pipe()
    pid = os.fork()
    if pid:
        os.close(send)
        return pid, receive
    try:
        work()
        os.write(send, b"%d" % of_this_process("Private_Dirty"))
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def own_bytes(fork: tuple[int, int]) -> int:
    """Wait for the end of a fork, and of those it started; what it said. Raises ValueError where it failed."""
    pid, receive = fork
    with os.fdopen(receive, "rb") as said:
        size = int(said.read())  # the end comes when all who could write are gone, and their memory
    os.waitpid(pid, 0)
    return size
