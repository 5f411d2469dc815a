"""Across kinds of device only an order of magnitude can be had: peaks and bandwidths, and what a call costs."""

from __future__ import annotations

import numpy as np

from harness.model.estimate import Estimate, NotProjected
from harness.model.features import Features
from harness.model.profile import HardwareProfile, Target

OF_PEAK, OF_BANDWIDTH = 0.35, 0.6
"""How much of its data sheet a GPU reaches in a framework's own operators: the middle of published tables, in which a
plain roofline is 16 to 52 % off (NeuSight, arXiv 2407.13853)."""
CALL_SECONDS = 8e-6
"""To start one operator from a framework."""
DEVIATION = 0.46
"""Of the truth from such an estimate, in log time, for a card with memory of its own: what the worst of five was off by
in 51 published times (docs/projection-accuracy.md). A factor of 2.1 either way holds 90 %."""
DEVIATION_SHARED = 0.7
"""For a GPU in the memory of its board, of which a framework's own operators have no published time: 3."""
_HALF = {"float16", "bfloat16"}
_BYTES = {"float16": 0.5, "bfloat16": 0.5, "int8": 0.25}


def gpu(
    features: Features, profile: HardwareProfile, target: Target, dtype: str, counted: str
) -> Estimate | NotProjected:
    """A step on a GPU by roofline. ``counted`` is the type in which the bytes of ``features`` were counted."""
    peak = target.peak_fp16 if dtype in _HALF else target.peak_fp32
    moved = target.bandwidth_peak or (profile.memory.bandwidth_peak if target.memory is None else None)
    if peak is None or moved is None:
        return NotProjected("not projected: the profile lacks the GPU's peak or its memory's bandwidth")
    scale = _BYTES.get(dtype, 1.0) / _BYTES.get(counted, 1.0)
    seconds = sum(
        max(
            work.flop / (OF_PEAK * peak.base),
            (work.weight_bytes + work.activation_bytes) * scale / (OF_BANDWIDTH * moved.base),
        )
        for work in features.classes
    )
    seconds += CALL_SECONDS * features.find("dispatch").calls
    deviation = DEVIATION if target.memory else DEVIATION_SHARED
    factor = float(np.exp(1.6449 * deviation))
    return Estimate(seconds, seconds / factor, seconds * factor, deviation, "order of magnitude", extrapolated=1.0)
