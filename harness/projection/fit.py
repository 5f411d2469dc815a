"""Fits the prior to a library: mean costs by robust least squares, spreads by the most probable value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import least_squares, minimize

from harness.projection.kernel import EFFECTS, columns, components
from harness.projection.library import Prior, Row, observed, point
from harness.projection.work import Floats, known_models

START_COSTS = np.log([1.0, 0.6, 1.3, 2.0, 2.0, 1.0, 2.0, 4.0, 8.0])
"""Where the fit begins and is drawn to: orders of magnitude. Costs are only seen as ratios."""
_PULL = 0.3
START_SPREAD = np.log([0.2, 0.15, 0.15, 0.2, 0.3, 0.2, 0.3, 0.08, 0.08, 0.05, 0.15, 0.06])
"""In the order of ``EFFECTS``; each is drawn to its own within a factor of e."""
_ROBUST = 0.2


def fit(chosen: Sequence[Row], iterations: int = 40) -> Prior:
    """The prior of the rows. Takes seconds."""
    costs = np.exp(_costs(chosen))
    blank = Prior(costs, np.exp(START_SPREAD))
    return Prior(costs, np.exp(_spread(chosen, blank, iterations)))


def _costs(chosen: Sequence[Row]) -> Floats:
    settings = _numbered([f"{r.device} {r.setting}" for r in chosen])
    work = np.array([known_models()[r.model] for r in chosen])
    logs = np.log([r.seconds * 1e3 for r in chosen])
    members = [np.flatnonzero(settings == k) for k in range(settings.max() + 1)]

    def misses(parameters: Floats) -> Floats:
        rest = logs - np.log(work @ np.exp(parameters))
        levels = np.array([np.median(rest[rows]) for rows in members])
        pull = _PULL * np.sqrt(len(members)) * (parameters - START_COSTS)
        return np.concatenate([rest - levels[settings], pull])

    return np.asarray(least_squares(misses, START_COSTS, loss="soft_l1", f_scale=_ROBUST, max_nfev=60).x)


def _numbered(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.int64)


def _spread(chosen: Sequence[Row], prior: Prior, iterations: int) -> Floats:
    points = [point(r, prior) for r in chosen]
    values, table = observed(chosen, points), columns(points)
    *effects, common = components(table, table)
    effects.append(np.eye(len(points)))
    stack = np.stack(effects)

    def improbable(logs: Floats) -> tuple[float, Floats]:
        weights = np.exp(2 * logs)
        factor = cho_factor(common + np.tensordot(weights, stack, axes=1), lower=True)
        alpha, inverse = cho_solve(factor, values), cho_solve(factor, np.eye(len(points)))
        pull = logs - START_SPREAD
        slopes = [w * (np.sum(inverse * e) - alpha @ e @ alpha) for w, e in zip(weights, effects, strict=True)]
        cost = 0.5 * values @ alpha + np.log(np.diag(factor[0])).sum() + 0.5 * pull @ pull
        return float(cost), np.array(slopes) + pull

    found = minimize(improbable, START_SPREAD, jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    return np.asarray(found.x)


def as_json(prior: Prior, about: str) -> dict[str, object]:
    """The prior as its file holds it."""
    from harness.projection.work import TERMS

    return {
        "about": about,
        "costs": {name: round(float(v), 5) for name, v in zip(TERMS, prior.costs, strict=True)},
        "spread": {name: round(float(v), 5) for name, v in zip(EFFECTS, prior.spread, strict=True)},
    }
