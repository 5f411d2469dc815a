"""Networks that shuffle channels between groups: ShuffleNet 1 and 2."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .blocks import conv, head, pool


def shufflenet() -> nn.Module:
    """Version 1 at width 1.0 with three groups."""
    layers: list[nn.Module] = [conv(3, 24, 3, 2), pool()]
    channels = 24
    for out, times in ((240, 4), (480, 8), (960, 4)):
        layers.append(_Grouped(channels, out, stride=2))
        layers += [_Grouped(out, out, stride=1) for _ in range(times - 1)]
        channels = out
    return nn.Sequential(*layers, head(960))


def shufflenet_v2() -> nn.Module:
    """Width 1.0."""
    layers: list[nn.Module] = [conv(3, 24, 3, 2), pool()]
    channels = 24
    for out, times in ((116, 4), (232, 8), (464, 4)):
        layers.append(_Halving(channels, out))
        layers += [_Split(out) for _ in range(times - 1)]
        channels = out
    return nn.Sequential(*layers, conv(464, 1024), head(1024))


class _Grouped(nn.Module):
    """A bottleneck of grouped convolutions; with stride 2 its input's mean is put beside it, else added."""

    def __init__(self, into: int, out: int, stride: int, groups: int = 3) -> None:
        super().__init__()
        made = out - into if stride == 2 else out
        wide = made // 4
        self.stride = stride
        self.down = conv(into, wide, groups=1 if into == 24 else groups)
        self.shuffle = nn.ChannelShuffle(groups)
        self.up = nn.Sequential(
            conv(wide, wide, 3, stride, groups=wide, act=None), conv(wide, made, groups=groups, act=None)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = self.up(self.shuffle(self.down(x)))
        if self.stride == 1:
            return torch.relu(made + x)
        return torch.relu(torch.cat([functional.avg_pool2d(x, 3, 2, 1), made], dim=1))


class _Split(nn.Module):
    """Half of the channels pass by, half are filtered, then both are shuffled."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.filtered = nn.Sequential(conv(half, half), conv(half, half, 3, groups=half, act=None), conv(half, half))
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: torch.Tensor) -> Any:
        kept, taken = x.chunk(2, dim=1)
        return self.shuffle(torch.cat([kept, self.filtered(taken)], dim=1))


class _Halving(nn.Module):
    """Two branches, each of which halves the map."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        half = out // 2
        self.short = nn.Sequential(conv(into, into, 3, 2, groups=into, act=None), conv(into, half))
        self.long = nn.Sequential(conv(into, half), conv(half, half, 3, 2, groups=half, act=None), conv(half, half))
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: torch.Tensor) -> Any:
        return self.shuffle(torch.cat([self.short(x), self.long(x)], dim=1))
