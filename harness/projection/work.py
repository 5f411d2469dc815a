"""A step's work as numbers: operations and bytes by class, from counted features or from the table of known models."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from harness.model.features import Features, OperatorClass

Floats = NDArray[np.float64]

TERMS = ("conv1x1", "conv3x3", "conv_other", "dwconv", "gconv", "gemm", "gemv", "weights", "activations")
"""The first seven in GFLOP (2 a multiply-add), the last two in GB. What moves data has its time by bytes."""

_COLUMNS = (
    "gflop_conv1x1",
    "gflop_conv3x3s1",
    "gflop_convother",
    "gflop_dwconv",
    "gflop_gconv",
    "gflop_gemm",
    "gflop_fc",
    "weights_mb_fp32",
    "activations_mb_fp32",
)
_MEGA = {"weights_mb_fp32", "activations_mb_fp32"}
_CONVOLUTIONS: tuple[OperatorClass, ...] = ("conv1x1", "conv3x3", "conv_other", "dwconv", "gconv")
_MATRIX: tuple[OperatorClass, ...] = ("gemm", "attention")


def of_features(features: Features) -> Floats:
    """The work of a counted step, in the order of ``TERMS``."""
    flop = [features.find(kind).flop for kind in _CONVOLUTIONS]
    matrix = sum(features.find(kind).flop for kind in _MATRIX)
    flop += [matrix, features.find("gemv").flop]
    return np.array([*flop, features.weight_bytes, features.activation_bytes], dtype=float) / 1e9


@cache
def known_models() -> dict[str, tuple[float, ...]]:
    """The work of each model of the published table, by name, in the order of ``TERMS``."""
    text = files("harness.projection").joinpath("data/models.csv").read_text()
    return {row["model"]: tuple(_entry(row, name) for name in _COLUMNS) for row in csv.DictReader(text.splitlines())}


def _entry(row: dict[str, str], name: str) -> float:
    return float(row[name]) / (1e3 if name in _MEGA else 1.0)
