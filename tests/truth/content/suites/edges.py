"""Works around the edge of a limit: anonymous memory, pages of a file that can be dropped, and more as they step."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, ClassVar

from harness import Model, Place, Workload

MIB = 1 << 20
FILE = "edges.bin"
"""In the cache: the pages that are mapped."""


class Edge(Workload):
    """``anonymous`` and ``mapped`` MiB from load on; the first step reads them ``reads`` times over, then takes
    ``first`` MiB more, and each further step ``more``.
    """

    name = "edge"
    family = "edges"
    runtimes = ("python",)
    parameters: ClassVar[Any] = {"anonymous": (8,), "mapped": (8,), "reads": (1,), "first": (0,), "more": (0,)}

    def build(self, place: Place, anonymous: int, mapped: int, reads: int, first: int, more: int) -> Model:
        held = [taken(anonymous)]
        with Path(place.cache, FILE).open("rb") as file:
            pages = mmap.mmap(file.fileno(), mapped * MIB, prot=mmap.PROT_READ) if mapped else b""
        steps = 0

        def step() -> int:
            nonlocal steps
            for _ in range(1 if steps else reads):
                sum(pages[page] for page in range(0, len(pages), mmap.PAGESIZE))
            held.append(taken(more if steps else first))
            steps += 1
            return steps

        return Model(step)


def taken(mib: int) -> bytearray:
    """So much memory with every page written."""
    area = bytearray(mib * MIB)
    area[:: mmap.PAGESIZE] = b"x" * len(area[:: mmap.PAGESIZE])
    return area
