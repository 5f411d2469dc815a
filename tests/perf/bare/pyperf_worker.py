"""``pyperf_worker.py ROWS --worker ...``: times the network with pyperf in this process; prints the median in seconds.

A value of pyperf is the mean of its loops, so ask for ``--loops 1`` where medians are to be compared.
"""

from __future__ import annotations

import os
import sys

import pyperf
import torch
from network import network


def main(rows: int) -> None:
    """Run pyperf's worker; what it prints by itself is dropped, since it reports to a pipe of its own parent."""
    module, inputs = network(rows)
    answer, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    with torch.inference_mode():
        runner = pyperf.Runner()
        runner.parse_args([*sys.argv[2:], "--pipe", str(nowhere)])
        benchmark = runner.bench_func("network", module, *inputs)
    os.write(answer, f"{benchmark.median()!r}\n".encode())


if __name__ == "__main__":
    main(int(sys.argv[1]))
