"""``torch_benchmark.py ROWS [CALLS]``: times the network with torch.utils.benchmark; prints the median in seconds.

Without CALLS as most people do, with ``blocked_autorange()``. That may put ten calls together, so that its median is
one of means; with CALLS each call is timed by itself.
"""

from __future__ import annotations

import sys

import torch
from network import network
from torch.utils.benchmark import Measurement, Timer


def main(rows: int, calls: int | None = None) -> None:
    """One thread count for both: the one that OMP_NUM_THREADS gives (Timer's own default is one thread)."""
    module, inputs = network(rows)
    names = {"module": module, "inputs": inputs}
    with torch.inference_mode():
        timer = Timer("module(*inputs)", globals=names, num_threads=torch.get_num_threads())
        found = timer.blocked_autorange() if calls is None else _singly(timer, calls)
    sys.stdout.write(f"{found.median!r}\n")


def _singly(timer: Timer, calls: int) -> Measurement:
    (found,) = Measurement.merge(timer.timeit(1) for _ in range(calls))
    return found


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
