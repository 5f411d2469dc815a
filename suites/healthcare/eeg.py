"""The network of Lee and others for seizures in a running electroencephalogram: convolutions in time, then an LSTM."""

from __future__ import annotations

import torch
from torch import nn

STATE = (2, 1, 256)
"""Of the LSTM's hidden values, and of its cells: layers x batch x size."""


class Block(nn.Module):
    """Two convolutions in time beside a shortcut, each channel of the recording for itself."""

    def __init__(self, into: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(into, out, (1, 9), (1, stride), (0, 4), bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
            nn.Conv2d(out, out, (1, 9), 1, (0, 4), bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(into, out, 1, (1, stride), bias=False), nn.BatchNorm2d(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Batch x features x channels x time."""
        return torch.relu(self.body(x) + self.shortcut(x))


class SeizureNet(nn.Module):
    """The last four seconds and the state after the hop before, to logits and the state after this hop."""

    def __init__(self) -> None:
        super().__init__()
        stem = (nn.Conv2d(1, 64, (1, 51), (1, 4), (0, 25)), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d((1, 4)))
        widths = ((64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1))
        self.features = nn.Sequential(*stem, *(Block(*width) for width in widths), nn.AdaptiveAvgPool2d(1))
        self.lstm = nn.LSTM(256, 256, num_layers=2, batch_first=True)
        self.head = nn.Sequential(nn.Linear(256, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))

    def forward(
        self, window: torch.Tensor, hidden: torch.Tensor, cells: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Of batch x channels x 800 samples: logits (batch x 2), hidden values and cells."""
        found = self.features(window[:, None]).flatten(1)
        out, (hidden, cells) = self.lstm(found[:, None], (hidden, cells))
        return self.head(out[:, -1]), hidden, cells
