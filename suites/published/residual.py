"""Networks of residual blocks: ResNet and RegNetY."""

from __future__ import annotations

from torch import nn

from .blocks import Excite, Residual, conv, head, pool


def resnet18() -> nn.Module:
    """With a projection in its first stage too, where the map and its channels stay as they are."""
    layers: list[nn.Module] = [conv(3, 64, 7, 2), pool()]
    channels = 64
    for out, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [_basic(channels, out, stride, projected=True), _basic(out, out, 1, projected=False)]
        channels = out
    return nn.Sequential(*layers, head(512))


def resnet50() -> nn.Module:
    """Version 1: the first convolution of a block halves the map, not its second."""
    layers: list[nn.Module] = [conv(3, 64, 7, 2), pool()]
    channels = 64
    for width, times, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for position in range(times):
            layers.append(_bottleneck(channels, width, stride if position == 0 else 1))
            channels = 4 * width
    return nn.Sequential(*layers, head(2048))


def regnety_400m() -> nn.Module:
    """RegNetY-400MF: groups of 8 channels, squeeze and excitation by a quarter of a block's input."""
    layers: list[nn.Module] = [conv(3, 32, 3, 2)]
    channels = 32
    for width, times in ((48, 1), (104, 3), (208, 6), (440, 6)):
        for position in range(times):
            layers.append(_regnet(channels, width, 2 if position == 0 else 1))
            channels = width
    return nn.Sequential(*layers, head(440))


def _basic(into: int, out: int, stride: int, projected: bool) -> nn.Module:
    body = nn.Sequential(conv(into, out, 3, stride), conv(out, out, 3, act=None))
    return Residual(body, conv(into, out, 1, stride, act=None) if projected else None, nn.ReLU())


def _bottleneck(into: int, width: int, stride: int) -> nn.Module:
    out = 4 * width
    body = nn.Sequential(conv(into, width, 1, stride), conv(width, width, 3), conv(width, out, act=None))
    return Residual(body, conv(into, out, 1, stride, act=None) if into != out else None, nn.ReLU())


def _regnet(into: int, width: int, stride: int) -> nn.Module:
    body = nn.Sequential(
        conv(into, width), conv(width, width, 3, stride, groups=width // 8), Excite(width, into // 4),
        conv(width, width, act=None),
    )  # fmt: skip
    return Residual(body, conv(into, width, 1, stride, act=None) if into != width or stride > 1 else None, nn.ReLU())
