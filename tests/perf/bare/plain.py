"""``plain.py ROWS STEPS``: what a user's script does without a harness: import torch, build, step, leave."""

from __future__ import annotations

import os
import sys

import torch
from network import network


def main(rows: int, steps: int) -> None:
    """Leaves as a trial does, without a library's clean-up, so that the two differ only in what is measured."""
    module, inputs = network(rows)
    with torch.inference_mode():
        for _ in range(steps):
            module(*inputs)
    os._exit(0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
