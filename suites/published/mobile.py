"""Networks of depthwise separable convolutions: MobileNet 1 to 3, MnasNet, ProxylessNAS, EfficientNet."""

from __future__ import annotations

from typing import Any

from torch import nn

from .blocks import Excite, Residual, conv, head


def mobilenet() -> nn.Module:
    """Version 1 at width 1.0."""
    layers: list[nn.Module] = [conv(3, 32, 3, 2)]
    channels = 32
    halving = {128, 256, 512, 1024}
    for out in (64, 128, 128, 256, 256, *[512] * 6, 1024, 1024):
        stride = 2 if out in halving - {channels} else 1
        layers += [conv(channels, channels, 3, stride, groups=channels), conv(channels, out)]
        channels = out
    return nn.Sequential(*layers, head(1024))


def mobilenet_v2() -> nn.Module:
    """Width 1.0, with a 1 x 1 convolution in its first block too, which does not expand it."""
    layers: list[nn.Module] = [conv(3, 32, 3, 2, act=nn.ReLU6), _inverted(32, 16, 3, 1, 32, nn.ReLU6, always=True)]
    channels = 16
    for out, times, stride in ((24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)):
        for position in range(times):
            layers.append(_inverted(channels, out, 3, stride if position == 0 else 1, 6 * channels, nn.ReLU6))
            channels = out
    return nn.Sequential(*layers, conv(320, 1280, act=nn.ReLU6), head(1280))


def mobilenet_v3() -> nn.Module:
    """The large one as first published: three blocks of 672 channels with squeeze and excitation, one of 960."""
    rows: list[tuple[int, int, int, int, Any, bool]] = [
        (3, 16, 16, 1, nn.ReLU, False), (3, 64, 24, 2, nn.ReLU, False), (3, 72, 24, 1, nn.ReLU, False),
        (5, 72, 40, 2, nn.ReLU, True), (5, 120, 40, 1, nn.ReLU, True), (5, 120, 40, 1, nn.ReLU, True),
        (3, 240, 80, 2, nn.Hardswish, False), (3, 200, 80, 1, nn.Hardswish, False),
        (3, 184, 80, 1, nn.Hardswish, False), (3, 184, 80, 1, nn.Hardswish, False),
        (3, 480, 112, 1, nn.Hardswish, True), (3, 672, 112, 1, nn.Hardswish, True),
        (5, 672, 160, 1, nn.Hardswish, True), (5, 672, 160, 2, nn.Hardswish, True),
        (5, 960, 160, 1, nn.Hardswish, True),
    ]  # fmt: skip
    layers: list[nn.Module] = [conv(3, 16, 3, 2, act=nn.Hardswish)]
    channels = 16
    for kernel, wide, out, stride, act, excited in rows:
        excite = Excite(wide, wide // 4, gate=nn.Hardsigmoid) if excited else None
        layers.append(_inverted(channels, out, kernel, stride, wide, act, excite))
        channels = out
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(960, 1280), nn.Hardswish(), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers, conv(160, 960, act=nn.Hardswish), *end)


def mnasnet() -> nn.Module:
    """B1 at depth 1.0."""
    layers: list[nn.Module] = [conv(3, 32, 3, 2), conv(32, 32, 3, groups=32), conv(32, 16, act=None)]
    rows = (
        (24, 3, 3, 2, 3),
        (40, 3, 5, 2, 3),
        (80, 3, 5, 2, 6),
        (96, 2, 3, 1, 6),
        (192, 4, 5, 2, 6),
        (320, 1, 3, 1, 6),
    )
    channels = 16
    for out, times, kernel, stride, ratio in rows:
        for position in range(times):
            layers.append(_inverted(channels, out, kernel, stride if position == 0 else 1, ratio * channels, nn.ReLU))
            channels = out
    return nn.Sequential(*layers, conv(320, 1280), head(1280))


def proxylessnasnet() -> nn.Module:
    """The one that was searched for mobile processors, its first block as in MobileNetV2 above."""
    stages = (
        (32, 2, ((5, 3), (3, 3))),
        (40, 2, ((7, 3), (3, 3), (5, 3), (5, 3))),
        (80, 2, ((7, 6), (5, 3), (5, 3), (5, 3))),
        (96, 1, ((5, 6), (5, 3), (5, 3), (5, 3))),
        (192, 2, ((7, 6), (7, 6), (7, 3), (7, 3))),
        (320, 1, ((7, 6),)),
    )
    layers: list[nn.Module] = [conv(3, 32, 3, 2, act=nn.ReLU6), _inverted(32, 16, 3, 1, 32, nn.ReLU6, always=True)]
    channels = 16
    for out, first, blocks in stages:
        for position, (kernel, ratio) in enumerate(blocks):
            stride = first if position == 0 else 1
            layers.append(_inverted(channels, out, kernel, stride, ratio * channels, nn.ReLU6))
            channels = out
    return nn.Sequential(*layers, conv(320, 1280, act=nn.ReLU6), head(1280))


def efficientnet_b0() -> nn.Module:
    """Squeeze and excitation by a quarter of a block's input."""
    rows = (
        (16, 1, 3, 1, 1), (24, 2, 3, 2, 6), (40, 2, 5, 2, 6), (80, 3, 3, 2, 6), (112, 3, 5, 1, 6), (192, 4, 5, 2, 6),
        (320, 1, 3, 1, 6),
    )  # fmt: skip
    layers: list[nn.Module] = [conv(3, 32, 3, 2, act=nn.SiLU)]
    channels = 32
    for out, times, kernel, stride, ratio in rows:
        for position in range(times):
            wide = ratio * channels
            excite = Excite(wide, channels // 4, act=nn.SiLU)
            layers.append(_inverted(channels, out, kernel, stride if position == 0 else 1, wide, nn.SiLU, excite))
            channels = out
    return nn.Sequential(*layers, conv(320, 1280, act=nn.SiLU), head(1280))


def _inverted(
    into: int, out: int, kernel: int, stride: int, wide: int, act: Any, excite: nn.Module | None = None,
    always: bool = False,
) -> nn.Module:  # fmt: skip
    """Expand to ``wide`` channels, filter each, narrow again; added to its input where the shape stays.

    ``always`` keeps the first convolution where it does not expand.
    """
    layers = [conv(into, wide, act=act)] if wide != into or always else []
    layers.append(conv(wide, wide, kernel, stride, groups=wide, act=act))
    body = nn.Sequential(*layers, *([excite] if excite else []), conv(wide, out, act=None))
    return Residual(body) if into == out and stride == 1 else body
