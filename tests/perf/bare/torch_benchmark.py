"""``torch_benchmark.py SECONDS``: times the network with torch.utils.benchmark; prints the median in seconds."""

from __future__ import annotations

import sys

import torch
from network import network
from torch.utils.benchmark import Timer


def main(seconds: float) -> None:
    """One thread count for both: the one that OMP_NUM_THREADS gives (Timer's own default is one thread)."""
    module, inputs = network()
    names = {"module": module, "inputs": inputs}
    with torch.inference_mode():
        timer = Timer("module(*inputs)", globals=names, num_threads=torch.get_num_threads())
        measurement = timer.blocked_autorange(min_run_time=seconds)
    sys.stdout.write(f"{measurement.median!r}\n")


if __name__ == "__main__":
    main(float(sys.argv[1]))
