"""Works whose processes take more than their share: for tests under a real limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from harness import Model, Workload

BIG = "b = bytearray(220 << 20); b[::4096] = b'x' * len(b[::4096])"


def big(_):
    exec(BIG)


class _Family(Workload):
    runtimes = ("python",)

    def build(self, place):
        return Model(self.go)


class Ignores(_Family):
    """Does not look how its child ended."""

    name = "ignores"

    def go(self):
        if os.fork() == 0:
            exec(BIG)
            os._exit(0)
        os.wait()


class Checks(_Family):
    """Fails where its child did."""

    name = "checks"

    def go(self):
        subprocess.run([sys.executable, "-S", "-c", BIG], check=True)


class Waits(_Family):
    """A pool waits forever for the answer of a worker that was killed."""

    name = "waits"

    def go(self):
        import multiprocessing

        with multiprocessing.get_context("fork").Pool(1) as pool:
            pool.map(big, [1])


class Itself(_Family):
    """No child at all."""

    name = "itself"

    def go(self):
        exec(BIG)


class Signals(_Family):
    """Ends by a signal without a name."""

    name = "signals"

    def go(self):
        os.kill(os.getpid(), signal.SIGRTMIN + 6)
