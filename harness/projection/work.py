"""A step's work as numbers: operations and bytes by class, from counted features or from the table of known models."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.model.features import Features, OperatorClass
from harness.projection.models import known_models as known_models

Floats = NDArray[np.float64]

TERMS = ("conv1x1", "conv3x3", "conv_other", "dwconv", "gconv", "gemm", "gemv", "weights", "activations")
"""The first seven in GFLOP (2 a multiply-add), the last two in GB. What moves data has its time by bytes."""

_CONVOLUTIONS: tuple[OperatorClass, ...] = ("conv1x1", "conv3x3", "conv_other", "dwconv", "gconv")
_MATRIX: tuple[OperatorClass, ...] = ("gemm", "attention")


def of_features(features: Features) -> Floats:
    """The work of a counted step, in the order of ``TERMS``."""
    flop = [features.find(kind).flop for kind in _CONVOLUTIONS]
    matrix = sum(features.find(kind).flop for kind in _MATRIX)
    flop += [matrix, features.find("gemv").flop]
    return np.array([*flop, features.weight_bytes, features.activation_bytes], dtype=float) / 1e9
