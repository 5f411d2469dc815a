"""What is to be expected of some points once others have been seen: a Gaussian process, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

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


class Learned:
    """Many measured points, worked through once, so that the belief over any others is soon had."""

    def __init__(self, points: Points, values: Floats, spread: Floats) -> None:
        self._points, self._values, self._spread = points, values, spread
        noisy = covariance(points, points, spread) + spread[-1] ** 2 * np.eye(len(points))
        self._factor = cho_factor(noisy, lower=True, overwrite_a=True)
        self._weights = cho_solve(self._factor, values)

    def and_also(self, points: Points, values: Floats) -> Learned:
        """With more measured points."""
        return Learned(self._points.joined(points), np.concatenate([self._values, values]), self._spread)

    def belief(self, points: Points) -> Belief:
        """Over ``points``, which are none of those that were measured."""
        between = covariance(points, self._points, self._spread)
        explained = between @ cho_solve(self._factor, between.T)
        return Belief(between @ self._weights, covariance(points, points, self._spread) - explained)
