"""MLPerf Tiny's network for anomalous sounds, one for each of many machines."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn

SIZES = (640, 128, 128, 128, 128, 8, 128, 128, 128, 128)
"""Five frames of 128 bands, and the layers that narrow and widen them."""


def autoencoder() -> nn.Sequential:
    """Linear layers with batch norm and ReLU, the last one without."""
    layers = [nn.Sequential(nn.Linear(into, out), nn.BatchNorm1d(out), nn.ReLU()) for into, out in pairwise(SIZES)]
    return nn.Sequential(*layers, nn.Linear(SIZES[-1], SIZES[0]))


class Machines(nn.Module):
    """A network a machine, with weights of its own, run one after the other."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.each = nn.ModuleList(autoencoder() for _ in range(count))

    def forward(self, sounds: torch.Tensor) -> Any:
        """How badly each machine's sound, a row of (machines, 640), is known to its network: (machines,)."""
        found = [network(sounds[k : k + 1]) for k, network in enumerate(self.each)]
        return (torch.cat(found) - sounds).square().mean(dim=1)
