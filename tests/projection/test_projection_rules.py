"""The simpler rules: decoding by bandwidth, GPUs by order of magnitude, energy by two figures, deadlines by chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from projection_cases import features, figure, profile, target

from harness.model.estimate import Estimate, NotProjected
from harness.model.profile import Anchors, Power, Target
from harness.projection import decode, order
from harness.projection.deadlines import probability
from harness.projection.energy import with_energy
from tests.projection import gpus
from tests.projection.decoding import table

SECOND = Estimate(1.0, 0.5, 2.0, 0.4)
RATE = Anchors(
    "llama.cpp", "int4", 4, "token/s", "made", "2026-11", "measured", {"m": 10.0}, "decode_rate",
    bytes_per_token={"m": 1e9},
)  # fmt: skip


def test_reading_takes_the_bytes_over_the_bandwidth() -> None:
    found = decode.bandwidth(profile(target()), target())
    assert found is not None
    assert found.bytes_per_second == pytest.approx(2 * 0.8 * 3e9)
    assert decode.estimate(4.8e9, 0.0, found).seconds == pytest.approx(1.0)


def test_what_is_beside_the_reading_keeps_its_share_and_widens() -> None:
    found = decode.bandwidth(profile(target()), target())
    assert found is not None
    alone, beside = decode.estimate(4.8e9, 0.0, found), decode.estimate(4.8e9, 0.5, found)
    assert beside.seconds == pytest.approx(1.5 * alone.seconds)
    assert beside.extrapolated == pytest.approx(1 / 3)
    assert (beside.deviation or 0) > (alone.deviation or 0)


def test_a_published_rate_draws_the_rule_to_it() -> None:
    with_rate = replace(target(), anchors=(RATE,))
    plain, drawn = decode.bandwidth(profile(target()), target()), decode.bandwidth(profile(with_rate), with_rate)
    assert plain is not None
    assert drawn is not None
    assert plain.bytes_per_second < drawn.bytes_per_second < 10e9
    assert drawn.deviation < plain.deviation
    assert drawn.anchors == ("m",)


def test_without_any_bandwidth_there_is_none() -> None:
    assert decode.bandwidth(profile(target(), copy=None), target()) is None


def test_published_decode_rates_are_within_what_the_issue_asks() -> None:
    errors = sorted(row.error for row in table())
    assert errors[len(errors) // 2] <= 0.15


GPU = Target("gpu", "gpu", "A GPU", memory=figure(16, "GiB"), peak_fp32=figure(8, "TFLOP/s"))


def test_a_gpu_is_an_order_of_magnitude_and_says_so() -> None:
    card = replace(GPU, bandwidth_peak=figure(300, "GB/s"))
    for_board = replace(card, memory=None)
    found, shared = (order.gpu(features("resnet50"), profile(t), t, "float32", "float32") for t in (card, for_board))
    assert isinstance(found, Estimate)
    assert isinstance(shared, Estimate)
    assert found.basis == shared.basis == "order of magnitude"
    assert shared.high / shared.low > 8
    assert shared.high / shared.low > found.high / found.low > 4
    assert found.seconds > 7.7e9 / 8e12


@pytest.mark.slow
def test_published_times_of_gpus_lie_in_their_intervals_as_often_as_they_should() -> None:
    rows = gpus.table()
    assert len(rows) == 51
    held = [within for device in {row.device for row in rows} for within in gpus.held(rows, device)]
    assert 0.85 <= sum(held) / len(held) <= 0.95
    assert pytest.approx(gpus.worst(rows), abs=0.005) == order.DEVIATION
    errors = sorted(row.error for row in rows)
    assert errors[len(errors) // 2] <= 0.4


def test_a_gpu_without_bandwidth_is_not_projected() -> None:
    found = order.gpu(features("resnet50"), profile(GPU), GPU, "float32", "float32")
    assert isinstance(found, NotProjected)


def test_energy_needs_both_powers_in_one_scope() -> None:
    idle, load = figure(2, "W", "wall"), figure(8, "W", "wall")
    both = with_energy(SECOND, profile(target(), Power(idle, load)))
    assert both.joules is not None
    assert (both.joules.value, both.joules.low, both.joules.high) == (8.0, 1.0, 16.0)
    assert with_energy(SECOND, profile(target(), Power(idle))).joules is None
    mixed = with_energy(SECOND, profile(target(), Power(figure(2, "W", "board"), load)))
    assert mixed.joules is None
    assert "the board's, load power the wall's" in mixed.no_joules


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_later_deadline_is_never_less_likely(a: float, b: float) -> None:
    early, late = sorted((a, b))
    assert probability(SECOND, early) <= probability(SECOND, late)


def test_the_median_is_kept_half_of_the_time() -> None:
    assert probability(SECOND, 1.0) == pytest.approx(0.5)
