"""The residual network of Ribeiro and others for 12-lead electrocardiograms, in one dimension."""

from __future__ import annotations

import torch
from torch import nn

KERNEL = 16
STAGES = ((128, 4), (196, 4), (256, 4), (320, 4))
"""Channels, and by how much a block shortens the signal."""


class Same(nn.Module):
    """A convolution without bias that pads an even kernel as TensorFlow does: the longer side behind."""

    def __init__(self, into: int, out: int, stride: int = 1) -> None:
        super().__init__()
        missing = KERNEL - stride
        self.pad = nn.ConstantPad1d((missing // 2, missing - missing // 2), 0.0)
        self.conv = nn.Conv1d(into, out, KERNEL, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Channels x length divided by the stride."""
        out: torch.Tensor = self.conv(self.pad(x))
        return out


class Unit(nn.Module):
    """Two convolutions beside a shortcut; the sum goes on both as it is and through norm and ReLU."""

    def __init__(self, into: int, out: int, shorter: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Same(into, out), nn.BatchNorm1d(out), nn.ReLU(), Same(out, out, shorter))
        self.shortcut = nn.Sequential(nn.MaxPool1d(shorter), nn.Conv1d(into, out, 1, bias=False))
        self.after = nn.Sequential(nn.BatchNorm1d(out), nn.ReLU())

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Of the two ways into it, ``x`` through the body and ``y`` through the shortcut."""
        total = self.body(x) + self.shortcut(y)
        return self.after(total), total


class EcgNet(nn.Module):
    """12 leads x 4096 samples to the probabilities of six abnormalities."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(Same(12, 64), nn.BatchNorm1d(64), nn.ReLU())
        widths = (64, *(width for width, _ in STAGES))
        self.units = nn.ModuleList(Unit(into, out, by) for into, (out, by) in zip(widths, STAGES, strict=False))
        self.head = nn.Linear(320 * 16, 6)

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """Batch x 6."""
        x = y = self.stem(signal)
        for unit in self.units:
            x, y = unit(x, y)
        return torch.sigmoid(self.head(x.flatten(1)))
