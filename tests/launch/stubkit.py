"""Starts a program in a group through the real stub, as an executor does: for tests here, in limits/ and in vm/."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import launch
from harness.limits import Join

LAUNCH = Path(launch.__file__)
MIB = 1 << 20

PRELUDE = """
import os, sys, mmap, time
MIB = 1 << 20
def hold(mib):
    area = mmap.mmap(-1, mib * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    block = bytes([1]) * (MIB // 16)
    for start in range(0, mib * MIB, len(block)):
        area[start:start + len(block)] = block
    return area
"""


@dataclass
class Started:
    process: subprocess.Popen[str]
    status: int

    def finish(self, timeout: float = 60) -> tuple[int, str, str]:
        """Exit code, what was printed, what came on the status descriptor."""
        printed, _ = self.process.communicate(timeout=timeout)
        with os.fdopen(self.status) as pipe:
            return self.process.returncode, printed, pipe.read()


def python(code: str) -> list[str]:
    """A command that runs ``code``, in which ``hold(mib)`` gives memory with every page written."""
    return [sys.executable, "-I", "-S", "-c", PRELUDE + code]


def start(join: Join, argv: list[str], **order: Any) -> Started:
    """The program, its output on a pipe. Further keys go to the stub as they are."""
    given = {
        "argv": argv,
        "env": {**os.environ, **join.environment},
        "affinity": join.affinity,
        "procs": join.procs,
        "rlimits": join.rlimits,
        "parent": os.getpid(),
    }
    return start_raw(json.dumps({**given, **order}).encode(), prefix=join.prefix)


def start_raw(order: bytes, prefix: tuple[str, ...] = (), session: bool = True) -> Started:
    """The stub with these bytes for an order; an object is completed by the status descriptor."""
    (order_read, order_write), (status_read, status_write) = os.pipe(), os.pipe()
    process = subprocess.Popen(
        [*prefix, *launch.command(order_read)],
        pass_fds=(order_read, status_write),
        start_new_session=session,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(order_read)
    os.close(status_write)
    if order.startswith(b"{"):
        order = json.dumps({"status_fd": status_write, **json.loads(order)}).encode()
    with os.fdopen(order_write, "wb") as pipe:
        pipe.write(order)
    return Started(process, status_read)
