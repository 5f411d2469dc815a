"""AlexNet, VGG, SqueezeNet, GoogLeNet: plain convolutions with biases."""

from __future__ import annotations

from torch import nn

from .blocks import Branches, plain, pool


def alexnet() -> nn.Module:
    """With the two halves of its first training as groups, and local response norms."""
    return nn.Sequential(
        plain(3, 96, 11, 4), _response(), pool(),
        plain(96, 256, 5, 1, 2, groups=2), _response(), pool(),
        plain(256, 384, 3, 1, 1), plain(384, 384, 3, 1, 1, groups=2), plain(384, 256, 3, 1, 1, groups=2), pool(),
        *_three_linear(256 * 6 * 6),
    )  # fmt: skip


def vgg16() -> nn.Module:
    """Thirteen convolutions of 3 x 3."""
    layers: list[nn.Module] = []
    channels = 3
    for out, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(times):
            layers.append(plain(channels, out, 3, 1, 1))
            channels = out
        layers.append(pool(2))
    return nn.Sequential(*layers, *_three_linear(512 * 7 * 7))


def squeezenet() -> nn.Module:
    """Version 1.1, its last convolution padded as in the net that was published."""
    fires = [(64, 16, 64), (128, 16, 64), (128, 32, 128), (256, 32, 128), (256, 48, 192), (384, 48, 192),
             (384, 64, 256), (512, 64, 256)]  # fmt: skip
    first, second, last = ([_fire(*f) for f in part] for part in (fires[:2], fires[2:4], fires[4:]))
    return nn.Sequential(
        plain(3, 64, 3, 2), pool(), *first, pool(), *second, pool(), *last,
        plain(512, 1000, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


def googlenet() -> nn.Module:
    """Inception version 1, without its auxiliary heads."""
    start = [plain(3, 64, 7, 2, 3), pool(), _response(), plain(64, 64), plain(64, 192, 3, 1, 1), _response(), pool()]
    third = [_inception(192, 64, 96, 128, 16, 32, 32), _inception(256, 128, 128, 192, 32, 96, 64)]
    fourth = [
        _inception(480, 192, 96, 208, 16, 48, 64), _inception(512, 160, 112, 224, 24, 64, 64),
        _inception(512, 128, 128, 256, 24, 64, 64), _inception(512, 112, 144, 288, 32, 64, 64),
        _inception(528, 256, 160, 320, 32, 128, 128),
    ]  # fmt: skip
    fifth = [_inception(832, 256, 160, 320, 32, 128, 128), _inception(832, 384, 192, 384, 48, 128, 128)]
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000)]
    return nn.Sequential(*start, *third, pool(), *fourth, pool(), *fifth, *end)


def _response() -> nn.Module:
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)


def _three_linear(inputs: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(inputs, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]


def _fire(into: int, squeeze: int, out: int) -> nn.Module:
    return nn.Sequential(plain(into, squeeze), Branches(plain(squeeze, out), plain(squeeze, out, 3, 1, 1)))


def _inception(into: int, one: int, to_three: int, three: int, to_five: int, five: int, pooled: int) -> nn.Module:
    return Branches(
        plain(into, one),
        nn.Sequential(plain(into, to_three), plain(to_three, three, 3, 1, 1)),
        nn.Sequential(plain(into, to_five), plain(to_five, five, 5, 1, 2)),
        nn.Sequential(pool(3, 1, 1), plain(into, pooled)),
    )
