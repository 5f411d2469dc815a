"""How times of models on devices vary together: the prior of a projection, as sums of independent effects.

What is modelled is the log of a time over what the work would take at the library's mean cost a class, times the
device's peak from its data sheet. An effect of a device (its core, its chip, its setting) has a level, and a slope for
every class that counts as far as the class has a share in the time: so a device may be fast at one class and slow at
another. This is Habitat's scaling by operator (arXiv 2102.00527) with a log-normal prior, made linear at the mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.projection.work import Floats

EFFECTS = (
    "core_level",
    "chip_level",
    "board_level",
    "setting_level",
    "core_class",
    "chip_class",
    "setting_class",
    "model",
    "model_here",
    "alike",
    "threads",
    "noise",
)
"""Standard deviations in log time: levels of a core, a chip, a board and a setting, class slopes of all but the board;
what a model takes beyond its work anywhere and on one architecture; what models of like shares have in common; how a
chip scales with its cores; and what is left."""

_WIDTH = 0.15
"""Shares this far apart, as a distance, make models unlike."""
_UNKNOWN_LEVEL = 2.0
_FIXED = (2.0, 1.0, 0.5)
"""Standard deviations of what is learned of all alike: the level, what a core more gives, and half precision."""


@dataclass(frozen=True)
class Point:
    """One model in one setting of one device. ``shares`` are those of its time by class at the mean costs."""

    shares: Floats
    base: float
    """Log of its time at the mean costs, for a peak of 1 GFLOP/s."""
    model: str
    setting: str
    board: str
    """Boards with the same chip differ in what is published of them."""
    chip: str
    core: str
    arch: str
    runtime: str
    cores: int
    fp16: bool
    peak: float | None
    """In GFLOP/s; None where the device's level is not known from a data sheet."""

    def observed(self, seconds: float) -> float:
        """A time as the quantity that is modelled."""
        return float(np.log(seconds * 1e3) - self.base + (np.log(self.peak) if self.peak else 0.0))

    def seconds(self, value: float) -> float:
        """The inverse of ``observed``."""
        return float(np.exp(value + self.base - (np.log(self.peak) if self.peak else 0.0)) / 1e3)


@dataclass(frozen=True)
class Points:
    """Columns over points."""

    shares: Floats
    labels: dict[str, NDArray[np.int64]]
    fixed: Floats
    log_cores: Floats
    floating: Floats

    def __len__(self) -> int:
        """How many."""
        return len(self.log_cores)

    def __getitem__(self, rows: NDArray[np.int64]) -> Points:
        """Those of ``rows``."""
        labels = {name: column[rows] for name, column in self.labels.items()}
        return Points(self.shares[rows], labels, self.fixed[rows], self.log_cores[rows], self.floating[rows])

    def joined(self, other: Points) -> Points:
        """These, then those of ``other``."""
        labels = {name: np.concatenate([column, other.labels[name]]) for name, column in self.labels.items()}
        return Points(
            np.concatenate([self.shares, other.shares]),
            labels,
            np.concatenate([self.fixed, other.fixed]),
            np.concatenate([self.log_cores, other.log_cores]),
            np.concatenate([self.floating, other.floating]),
        )


_NAMES = ("model", "setting", "board", "chip", "core", "arch", "runtime")


_NOWHERE = np.zeros((1, 1))
_numbers: dict[object, int] = {}


def columns(points: Sequence[Point]) -> Points:
    """The points as columns. Equal labels have equal numbers, whenever they are made."""
    labels = {}
    for name in _NAMES:
        keys = [_key(point, name) for point in points]
        labels[name] = np.array([_numbers.setdefault(key, len(_numbers)) for key in keys], dtype=np.int64)
    known = np.array([point.peak is not None for point in points], dtype=float)
    log_cores = np.log([float(point.cores) for point in points])
    fp16 = np.array([point.fp16 for point in points], dtype=float)
    fixed = np.stack([known, log_cores, fp16], axis=1) * _FIXED
    return Points(np.stack([p.shares for p in points]), labels, fixed, log_cores, 1 - known)


def _key(point: Point, name: str) -> object:
    """Effects belong to a runtime."""
    return name, point.runtime, getattr(point, name)


def components(a: Points, b: Points) -> Iterator[Floats]:
    """A matrix an effect (all of ``EFFECTS`` but the noise), and last that of what is learned of all alike.

    A single 0 stands for a matrix of zeros.
    """
    alike = {name: _equal(a.labels[name], b.labels[name]) for name in _NAMES}
    product = a.shares @ b.shares.T
    yield from (alike["core"], alike["chip"], alike["board"], alike["setting"])
    yield from (_where(alike[name], product) for name in ("core", "chip", "setting"))
    yield from (alike["model"], _where(alike["model"], alike["arch"]))
    apart = (a.shares**2).sum(1)[:, None] + (b.shares**2).sum(1)[None, :] - 2 * product
    yield _where(alike["runtime"], np.exp(-np.maximum(apart, 0) / (2 * _WIDTH**2)))
    yield _where(alike["chip"], np.outer(a.log_cores, b.log_cores))
    level = _where(alike["runtime"], np.outer(a.fixed[:, 0], b.fixed[:, 0]))
    unknown = _UNKNOWN_LEVEL**2 * _where(alike["setting"], np.outer(a.floating, b.floating))
    yield a.fixed[:, 1:] @ b.fixed[:, 1:].T + level + unknown


def _equal(a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
    if not np.isin(a, b).any():
        return _NOWHERE
    return np.asarray(a[:, None] == b[None, :], dtype=float)


def _where(alike: Floats, effect: Floats) -> Floats:
    return alike if alike is _NOWHERE else alike * effect


def covariance(a: Points, b: Points, spread: Floats) -> Floats:
    """Covariances of ``a`` with ``b``. ``spread``: a standard deviation an effect, in the order of ``EFFECTS``."""
    total = np.zeros((len(a), len(b)))
    for weight, effect in zip([*spread[:-1] ** 2, 1.0], components(a, b), strict=True):
        total += weight * effect
    return total
