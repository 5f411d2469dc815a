import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.stopping import batch_means_half_width, median, next_look, steady

positive = st.floats(1e-6, 1e3)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1))
def test_median_equals_numpys(values):
    assert median(values) == pytest.approx(np.median(values), rel=1e-12, abs=1e-12)


@given(st.integers(0, 10**6))
def test_looks_grow_geometrically(done):
    assert next_look(done) > done
    assert next_look(done) >= done * 1.5


def test_a_million_samples_take_few_looks():
    looks, done = 0, 0
    while done < 10**6:
        done, looks = next_look(done), looks + 1
    assert looks < 35


@given(st.lists(positive, max_size=7))
def test_fewer_than_eight_samples_have_no_interval(samples):
    assert batch_means_half_width(samples) is None


@given(st.lists(positive, min_size=8, max_size=80), st.floats(1e-3, 1e3))
def test_half_width_does_not_depend_on_the_unit(samples, factor):
    scaled = batch_means_half_width([factor * v for v in samples])
    assert scaled == pytest.approx(batch_means_half_width(samples), rel=1e-6, abs=1e-9)


def test_equal_samples_have_no_width():
    assert batch_means_half_width([0.25] * 40) == 0
    assert batch_means_half_width([0.0] * 40) == 0


def test_samples_around_zero_have_no_relative_width():
    assert batch_means_half_width([-1.0, 1.0] * 3 + [1.0, -1.0, 5.0]) is not None
    assert batch_means_half_width([-1.0, 1.0] * 4 + [-2.0, 2.0]) is None


@pytest.mark.parametrize("n", [8, 12, 20, 40, 100, 400])
def test_interval_covers_the_median_of_independent_noise(n):
    rng, hits, tries = np.random.default_rng(n), 0, 1000
    for samples in rng.lognormal(0, 0.1, (tries, n)):
        half = batch_means_half_width(samples.tolist())
        hits += abs(math.log(np.median(samples))) <= math.log1p(half)
    assert 0.92 <= hits / tries <= 0.995


def test_interval_covers_the_median_of_noise_that_lasts():
    rng, hits, tries = np.random.default_rng(7), 0, 400
    for _ in range(tries):
        noise = rng.normal(0, 0.02, 600)
        for k in range(1, len(noise)):
            noise[k] += 0.6 * noise[k - 1]
        half = batch_means_half_width(np.exp(noise).tolist())
        hits += abs(np.median(noise)) <= math.log1p(half)
    assert 0.89 <= hits / tries <= 0.995


def test_stopping_at_the_first_precise_look_keeps_most_of_the_coverage():
    rng, hits, tries = np.random.default_rng(3), 0, 400
    for _ in range(tries):
        samples = np.exp(rng.normal(0, 0.08, 3000)).tolist()
        taken = next_look(0)
        while (half := batch_means_half_width(samples[:taken])) > 0.02 and taken < 2000:
            taken = next_look(taken)
        hits += abs(math.log(median(samples[:taken]))) <= math.log1p(half)
    assert hits / tries >= 0.88


def test_a_falling_trend_is_not_steady_and_a_flat_one_is():
    falling = [1.0 * 0.9**k for k in range(30)]
    assert not any(steady(falling[:k]) for k in range(31))
    assert steady(falling + [falling[-1]] * 60)


def test_a_slow_start_is_waited_out():
    times = [90.0, 14.0, 11.0, 10.4] + [10.0] * 30
    first = next(k for k in range(len(times)) if steady(times[:k]))
    assert 9 <= first <= 14


def test_noise_alone_is_steady():
    rng = np.random.default_rng(5)
    verdicts = [steady(rng.lognormal(0, 0.15, 60).tolist()) for _ in range(200)]
    assert sum(verdicts) >= 160


def test_a_rise_is_not_steady():
    assert not steady([1.0] * 20 + [1.5] * 10)


@pytest.mark.parametrize("n", range(9))
def test_too_few_steps_are_never_steady(n):
    assert not steady([1.0] * n)


def test_the_child_gets_nothing_heavy_with_it():
    code = "import sys, harness.stats.stopping; print(*sorted({'numpy','scipy','torch','pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
