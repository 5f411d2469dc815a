"""The parts that the networks are put together from. Where a model is converted, batch norms go into convolutions."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


def conv(into: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: Any = nn.ReLU) -> nn.Sequential:
    """Convolution, batch norm, activation; ``act`` None leaves the last one out."""
    layers = [nn.Conv2d(into, out, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(out)]
    return nn.Sequential(*layers, *([act()] if act else []))


def plain(into: int, out: int, kernel: int = 1, stride: int = 1, padding: int = 0, groups: int = 1) -> nn.Sequential:
    """Convolution with bias and ReLU, as before there were batch norms."""
    return nn.Sequential(nn.Conv2d(into, out, kernel, stride, padding, groups=groups), nn.ReLU())


def pool(kernel: int = 3, stride: int = 2, padding: int = 0) -> nn.MaxPool2d:
    """Maximum; what does not divide is rounded up."""
    return nn.MaxPool2d(kernel, stride, padding, ceil_mode=True)


def head(channels: int, classes: int = 1000) -> nn.Sequential:
    """Mean over the map, then a linear layer."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


class Residual(nn.Module):
    """``act(body(x) + shortcut(x))``."""

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None, act: nn.Module | None = None) -> None:
        super().__init__()
        self.body, self.shortcut, self.act = body, shortcut or nn.Identity(), act or nn.Identity()

    def forward(self, x: torch.Tensor) -> Any:
        """Same shape, or the shortcut's."""
        return self.act(self.body(x) + self.shortcut(x))


class Branches(nn.Module):
    """Branches of the same input, their channels put one after the other."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """All branches' channels."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Excite(nn.Module):
    """Squeeze and excitation: each channel times a number from 0 to 1 that follows from all channels' means."""

    def __init__(self, channels: int, hidden: int, act: Any = nn.ReLU, gate: Any = nn.Sigmoid) -> None:
        super().__init__()
        self.down, self.act = nn.Linear(channels, hidden), act()
        self.up, self.gate = nn.Linear(hidden, channels), gate()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape."""
        means = torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1)
        scale: torch.Tensor = self.gate(self.up(self.act(self.down(means))))
        return x * scale[:, :, None, None]
