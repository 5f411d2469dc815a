"""U-Nets in two and in three dimensions: of Ronneberger and others, and of Cicek and others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn


class UNet2d(nn.Module):
    """One channel to two classes at the same size: the paper's layers, but padded, so that nothing is cut off."""

    def __init__(self, widths: Sequence[int] = (64, 128, 256, 512, 1024)) -> None:
        super().__init__()
        pairs = list(pairwise(widths))
        self.first = _pair2d(1, widths[0])
        self.down = nn.ModuleList(nn.Sequential(nn.MaxPool2d(2), _pair2d(a, b)) for a, b in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in reversed(pairs))
        self.join = nn.ModuleList(_pair2d(2 * a, a) for a, _ in reversed(pairs))
        self.head = nn.Conv2d(widths[0], 2, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits: batch x 2 x height x width, each a multiple of 16."""
        x = self.first(image)
        passed = []
        for down in self.down:
            passed.append(x)
            x = down(x)
        for up, join in zip(self.up, self.join, strict=True):
            x = join(torch.cat([passed.pop(), up(x)], dim=1))
        logits: torch.Tensor = self.head(x)
        return logits


class UNet3d(nn.Module):
    """Three channels to three classes of the patch's middle: convolutions are not padded, as in the paper."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([_pair3d(3, 32, 64), _pair3d(64, 64, 128), _pair3d(128, 128, 256)])
        self.pool = nn.MaxPool3d(2)
        self.bottom = _pair3d(256, 256, 512)
        self.up = nn.ModuleList(nn.ConvTranspose3d(width, width, 2, 2) for width in (512, 256, 128))
        self.join = nn.ModuleList([_pair3d(768, 256, 256), _pair3d(384, 128, 128), _pair3d(192, 64, 64)])
        self.head = nn.Conv3d(64, 3, 1)

    def forward(self, patch: torch.Tensor) -> torch.Tensor:
        """Logits: batch x 3 x depth, height and width less 88 each."""
        x, passed = patch, []
        for down in self.down:
            passed.append(down(x))
            x = self.pool(passed[-1])
        x = self.bottom(x)
        for up, join in zip(self.up, self.join, strict=True):
            x = up(x)
            x = join(torch.cat([_middle(passed.pop(), x), x], dim=1))
        logits: torch.Tensor = self.head(x)
        return logits


def _pair2d(into: int, out: int) -> nn.Sequential:
    first, second = nn.Conv2d(into, out, 3, padding=1), nn.Conv2d(out, out, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())


def _pair3d(into: int, between: int, out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in ((into, between), (between, out)):
        layers += [nn.Conv3d(a, b, 3), nn.BatchNorm3d(b), nn.ReLU()]
    return nn.Sequential(*layers)


def _middle(larger: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The middle of ``larger``, of the other's size."""
    (a, d), (b, e), (c, f) = ((less // 2, less // 2 + size) for size, less in _sizes(larger, like))
    return larger[:, :, a:d, b:e, c:f]


def _sizes(larger: torch.Tensor, like: torch.Tensor) -> list[tuple[int, int]]:
    """Of each axis in space: the smaller size, and by how much the larger is larger."""
    return [(small, large - small) for large, small in zip(larger.shape[2:], like.shape[2:], strict=True)]
