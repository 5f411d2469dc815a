"""Conditioning is exact: against a plain inverse, in any order, and the library's shortcut against the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.projection import library
from harness.projection.kernel import EFFECTS, Point, columns, covariance
from harness.projection.posterior import Belief, Learned, prior_belief

SPREAD = np.full(len(EFFECTS), 0.2)


def made(model: str, setting: str, shares: list[float], core: str = "Cortex-A72", peak: float | None = 10.0) -> Point:
    return Point(
        np.array(shares),
        1.0,
        model,
        setting,
        f"board of {setting}",
        f"chip of {setting}",
        core,
        "arm64",
        "ncnn",
        4,
        False,
        peak,
    )


def share(index: int) -> list[float]:
    return [float(k == index) for k in range(8)]


FEW = [made("a", "one", share(0)), made("b", "one", share(1)), made("a", "two", share(0)), made("c", "two", share(5))]


def test_covariances_are_symmetric_and_positive() -> None:
    points = columns([library.point(row, library.prior()) for row in library.rows()[::40]])
    matrix = covariance(points, points, library.prior().spread)
    assert np.allclose(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() > -1e-9


def test_the_same_core_has_more_in_common_than_another() -> None:
    here, alike = made("a", "one", share(0)), made("b", "two", share(1))
    other = made("b", "two", share(1), core="Cortex-A53")
    points = columns([here, alike, other])
    matrix = covariance(points, points, SPREAD)
    assert matrix[0, 1] > matrix[0, 2]


def test_another_runtime_shares_nothing_but_cores_and_precision() -> None:
    here, there = FEW[0], Point(**{**FEW[0].__dict__, "runtime": "torch-eager"})
    alone = Point(**{**FEW[0].__dict__, "runtime": "torch-eager", "cores": 1})
    points = columns([here, there, alone])
    matrix = covariance(points, points, SPREAD)
    assert matrix[0, 1] == pytest.approx(np.log(4.0) ** 2)
    assert matrix[0, 2] == 0.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=2), st.floats(0.01, 1.0))
def test_conditioning_is_the_textbooks(values: list[float], noise: float) -> None:
    belief = prior_belief(columns(FEW), SPREAD)
    known = belief.given(np.array([0, 3]), np.array(values), noise)
    k = belief.covariance
    inverse = np.linalg.inv(k[np.ix_([0, 3], [0, 3])] + noise**2 * np.eye(2))
    assert np.allclose(known.mean, k[:, [0, 3]] @ inverse @ values)
    assert np.allclose(known.covariance, k - k[:, [0, 3]] @ inverse @ k[[0, 3], :])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=2))
def test_the_order_of_measurements_does_not_matter(values: list[float]) -> None:
    belief = prior_belief(columns(FEW), SPREAD)
    both = belief.given(np.array([0, 3]), np.array(values), 0.1)
    turns = belief.given(np.array([0]), np.array(values[:1]), 0.1).given(np.array([3]), np.array(values[1:]), 0.1)
    assert np.allclose(both.mean, turns.mean)
    assert np.allclose(both.covariance, turns.covariance)


def test_nothing_measured_changes_nothing() -> None:
    belief = Belief(np.zeros(2), np.eye(2))
    assert belief.given(np.array([], dtype=np.int64), np.array([]), 0.1) is belief


def test_what_was_learned_once_is_what_conditioning_on_all_gives() -> None:
    prior = library.prior()
    rows = library.rows()[:120]
    points = [library.point(row, prior) for row in rows]
    values = library.observed(rows, points)
    seen, asked = columns(points[:100]), columns(points[100:])
    short = Learned.of(seen, values[:100], prior.spread).belief(asked)
    whole = prior_belief(columns(points), prior.spread).given(np.arange(100), values[:100], float(prior.spread[-1]))
    assert np.allclose(short.mean, whole.mean[100:])
    assert np.allclose(short.covariance, whole.covariance[100:, 100:])


def test_what_is_learned_later_is_what_learning_all_at_once_gives() -> None:
    prior, rows = library.prior(), library.rows()[:120]
    points = [library.point(row, prior) for row in rows]
    values = library.observed(rows, points)
    first, then, asked = columns(points[:60]), columns(points[60:100]), columns(points[100:])
    later = Learned.of(first, values[:60], prior.spread).and_also(then, values[60:100]).belief(asked)
    at_once = Learned.of(columns(points[:100]), values[:100], prior.spread).belief(asked)
    assert np.allclose(later.mean, at_once.mean)
    assert np.allclose(later.covariance, at_once.covariance)


def test_points_that_share_no_label_vary_together_as_they_do_within_a_larger_table() -> None:
    ours, others = [made("a", "one", share(0)), made("a", "two", share(1))], [made("b", "three", share(0))]
    apart = covariance(columns(ours), columns(others), SPREAD)
    within = covariance(columns(ours + others), columns(ours + others), SPREAD)
    assert np.allclose(apart, within[:2, 2:])


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-5, 1e3), st.one_of(st.none(), st.floats(1, 1e5)))
def test_a_time_survives_the_way_there_and_back(seconds: float, peak: float | None) -> None:
    point = made("a", "one", share(0), peak=peak)
    assert point.seconds(point.observed(seconds)) == pytest.approx(seconds)
