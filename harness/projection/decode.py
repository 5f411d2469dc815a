"""Decoding by language models: each token reads all weights, so memory bandwidth decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.estimate import Estimate
from harness.model.profile import Figure, HardwareProfile, Target
from harness.model.units import to_base

SHARE_OF_COPY = 0.80
"""Bytes of weights read a second, over twice the copy bandwidth (a copy reads and writes): the median over eleven
published CPUs, which lie within 15 % (docs/projection-accuracy.md)."""
DEVIATION = 0.18
"""Of a device from that rule, in log time."""
FEW_CORES = 4
ONE_THREAD = 0.4
"""The same where only one thread's copy is known of a device with more cores: together they read more."""
READING = 0.08
"""Of one published rate from its device's own."""


@dataclass(frozen=True)
class Bandwidth:
    """What a target reads of weights a second, and how far that may be off in log time."""

    bytes_per_second: float
    deviation: float
    anchors: tuple[str, ...] = ()


def bandwidth(profile: HardwareProfile, target: Target) -> Bandwidth | None:
    """By the rule, drawn to published decode rates where the profile has them; None where neither is known."""
    copy, rates = _copy(profile, target), _rates(target)
    spread = _spread(profile, target)
    if copy is None and not rates:
        return None
    logs = np.log([rate for _, rate in rates])
    if copy is None:
        return Bandwidth(float(np.exp(logs.mean())), spread, tuple(name for name, _ in rates))
    prior, weight = np.log(2 * SHARE_OF_COPY * copy.base), spread**-2
    own = len(rates) * READING**-2
    mean = (prior * weight + logs.sum() * READING**-2) / (weight + own)
    deviation = float(np.hypot((weight + own) ** -0.5, READING))
    return Bandwidth(float(np.exp(mean)), deviation, tuple(name for name, _ in rates))


def _copy(profile: HardwareProfile, target: Target) -> Figure | None:
    """The target's own memory where it has one, else the board's; all threads before one."""
    if target.memory is not None:
        return target.bandwidth_copy
    memory = profile.memory
    return target.bandwidth_copy or memory.bandwidth_copy or memory.bandwidth_copy_1t


def _spread(profile: HardwareProfile, target: Target) -> float:
    known = target.bandwidth_copy or (None if target.memory else profile.memory.bandwidth_copy)
    return DEVIATION if known or (target.cores or 1) <= FEW_CORES else ONE_THREAD


def _rates(target: Target) -> list[tuple[str, float]]:
    """Weights read a second in published decoding, by model."""
    found = []
    for group in target.anchors:
        if group.metric == "decode_rate":
            for model, size in group.bytes_per_token.items():
                if model in group.values:
                    found.append((model, to_base(group.values[model], group.unit) * size))
    return found


def estimate(weight_bytes: float, beside: float, moved: Bandwidth) -> Estimate:
    """A step that reads so many bytes; ``beside``: what else it does, as a share of the time that the reading takes."""
    seconds = weight_bytes / moved.bytes_per_second * (1 + beside)
    deviation = float(np.hypot(moved.deviation, beside / (1 + beside)))
    factor = float(np.exp(1.6449 * deviation))
    return Estimate(
        seconds, seconds / factor, seconds * factor, deviation, "bandwidth", moved.anchors, beside / (1 + beside)
    )
