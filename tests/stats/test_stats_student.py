import pytest
from scipy.stats import t as reference

from harness.stats import t_quantile
from harness.stats.student import two_sided_probability


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_quantiles_equal_scipys(level):
    for degrees in [*range(1, 60), 100, 101, 1000]:
        assert t_quantile(level, degrees) == pytest.approx(reference.ppf((1 + level) / 2, degrees), rel=1e-8)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 30, 31])
@pytest.mark.parametrize("t", [0.0, 0.1, 1.0, 4.3, 60.0])
def test_probability_equals_scipys(degrees, t):
    expected = reference.cdf(t, degrees) - reference.cdf(-t, degrees)
    assert two_sided_probability(t, degrees) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("level", "degrees"), [(0, 3), (1, 3), (0.95, 0)])
def test_nonsense_is_refused(level, degrees):
    with pytest.raises(ValueError, match="level"):
        t_quantile(level, degrees)
