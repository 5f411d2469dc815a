"""The table of known models: the work of each, by name. Reads without numpy."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

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


@cache
def known_models() -> dict[str, tuple[float, ...]]:
    """The work of each model of the published table, by name, in the order of ``work.TERMS``."""
    text = files("harness.projection").joinpath("data/models.csv").read_text()
    return {row["model"]: tuple(_entry(row, name) for name in _COLUMNS) for row in csv.DictReader(text.splitlines())}


def _entry(row: dict[str, str], name: str) -> float:
    return float(row[name]) / (1e3 if name in _MEGA else 1.0)
