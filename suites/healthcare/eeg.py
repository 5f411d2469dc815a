"""The network of Lee and others for seizures in a running electroencephalogram: convolutions in time, then an LSTM."""

from __future__ import annotations

import torch
from torch import nn

SIZE = 256
"""Of a layer of the LSTM, which has hidden values and cells."""


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


class Cell(nn.Module):
    """One step of an LSTM, with its weights: a hop needs no more, and so its operators are those of any network."""

    def __init__(self, into: int, size: int) -> None:
        super().__init__()
        self.given, self.kept = nn.Linear(into, 4 * size), nn.Linear(size, 4 * size)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor, cells: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden values and cells after the step: batch x size."""
        enter, forget, candidate, leave = (self.given(x) + self.kept(hidden)).chunk(4, dim=1)
        cells = torch.sigmoid(forget) * cells + torch.sigmoid(enter) * torch.tanh(candidate)
        return torch.sigmoid(leave) * torch.tanh(cells), cells


class SeizureNet(nn.Module):
    """The last four seconds and the state after the hop before, to logits and the state after this hop.

    The state is hidden values and cells, of the lower layer and then of the upper.
    """

    def __init__(self) -> None:
        super().__init__()
        stem = (nn.Conv2d(1, 64, (1, 51), (1, 4), (0, 25)), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d((1, 4)))
        widths = ((64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1))
        self.features = nn.Sequential(*stem, *(Block(*width) for width in widths), nn.AdaptiveAvgPool2d(1))
        self.lower, self.upper = Cell(256, SIZE), Cell(SIZE, SIZE)
        self.head = nn.Sequential(nn.Linear(SIZE, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, window: torch.Tensor, *state: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Of batch x channels x 800 samples and the state, each batch x ``SIZE``: logits (batch x 2) and the state."""
        found = self.features(window[:, None]).flatten(1)
        lower = self.lower(found, *state[:2])
        upper = self.upper(lower[0], *state[2:])
        return self.head(upper[0]), *lower, *upper
