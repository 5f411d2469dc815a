"""What is to be expected of some points once others have been seen: a Gaussian process, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from harness.projection.kernel import Points, covariance
from harness.projection.work import Floats


@dataclass(frozen=True)
class Belief:
    """Means and covariances of the modelled quantity at some points, without the noise of a measurement."""

    mean: Floats
    covariance: Floats

    def given(self, seen: NDArray[np.int64], values: Floats, noise: float) -> Belief:
        """The same points once those at ``seen`` were measured; ``noise``: standard deviation of a measurement."""
        if not len(seen):
            return self
        among = self.covariance[np.ix_(seen, seen)] + noise**2 * np.eye(len(seen))
        between = self.covariance[:, seen]
        gain = cho_solve(cho_factor(among, lower=True), between.T).T
        mean = self.mean + gain @ (values - self.mean[seen])
        return Belief(mean, self.covariance - gain @ between.T)

    def deviation(self, noise: float) -> Floats:
        """Standard deviations of a measurement at each point."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0) + noise**2))


def prior_belief(points: Points, spread: Floats) -> Belief:
    """What is expected of points before anything was seen."""
    return Belief(np.zeros(len(points)), covariance(points, points, spread))


@dataclass(frozen=True)
class Learned:
    """Many measured points, worked through once, so that the belief over any others is soon had.

    ``lower`` is the Cholesky factor L of their covariance with the noise, ``whitened`` is L^-1 times their values.
    """

    points: Points
    spread: Floats
    lower: Floats
    whitened: Floats

    @classmethod
    def of(cls, points: Points, values: Floats, spread: Floats) -> Learned:
        """From measured points and what was measured."""
        lower = cholesky(_noisy(points, spread), lower=True, overwrite_a=True, check_finite=False)
        return cls(points, spread, lower, _solved(lower, values))

    def and_also(self, points: Points, values: Floats) -> Learned:
        """With more measured points: rows are added to the factor, which takes much less than factorising anew."""
        beside = _solved(self.lower, covariance(self.points, points, self.spread)).T
        corner = cholesky(_noisy(points, self.spread) - beside @ beside.T, lower=True, check_finite=False)
        lower = np.block([[self.lower, np.zeros((len(self.points), len(points)))], [beside, corner]])
        more = _solved(corner, values - beside @ self.whitened)
        return Learned(self.points.joined(points), self.spread, lower, np.concatenate([self.whitened, more]))

    def belief(self, points: Points) -> Belief:
        """Over ``points``, which are none of those that were measured."""
        between = _solved(self.lower, covariance(self.points, points, self.spread))
        return Belief(between.T @ self.whitened, covariance(points, points, self.spread) - between.T @ between)


def _noisy(points: Points, spread: Floats) -> Floats:
    return np.asarray(covariance(points, points, spread) + spread[-1] ** 2 * np.eye(len(points)))


def _solved(lower: Floats, right: Floats) -> Floats:
    return np.asarray(solve_triangular(lower, right, lower=True, check_finite=False))
