"""The validation itself: nothing that is left out is seen, baselines are what they say, decisions are counted right."""

from __future__ import annotations

import numpy as np
import pytest

from harness.projection import library
from tests.projection import baselines
from tests.projection.crossing import models
from tests.projection.decisions import deadlines, ordered
from tests.projection.folds import Guess, Table, leave_model_out, leave_out

ROWS = [row for row in library.rows() if row.soc in {"RK3588", "RK3566", "EPYC 7742"}]
CNN = models(ROWS, transformers=False)


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(ROWS, library.prior())


def test_a_hidden_device_is_not_seen(table: Table) -> None:
    for setting in table.boards():
        own = set(np.flatnonzero(table.settings == setting))
        shown = table.shown(setting, "device")
        device = table.devices[min(own)]
        assert not own & set(shown)
        assert device not in set(table.devices[shown])


def test_a_hidden_chip_hides_its_sibling_boards(table: Table) -> None:
    setting = next(s for s in table.boards() if "Plus" in s)
    assert "RK3588" in set(table.chips[table.shown(setting, "device")])
    assert "RK3588" not in set(table.chips[table.shown(setting, "chip")])


def test_anchors_are_not_guessed_and_make_guesses_better(table: Table) -> None:
    guesses = leave_out(table, table.boards(), "device", (0, 5), 3, CNN)
    none, five = ([g.error for g in guesses if g.anchors == k] for k in (0, 5))
    assert len(five) == sum(3 * (len(table.of(s, CNN)) - 5) for s in table.boards())
    assert np.median(five) < np.median(none)


def test_a_guess_does_not_depend_on_the_truth_it_is_held_against(table: Table) -> None:
    changed = Table(ROWS, library.prior())
    setting = table.boards()[0]
    own = table.of(setting, CNN)
    changed.values = table.values.copy()
    changed.values[own[-1]] += 5.0
    first, second = (t.guesses(own, t.narrowed(t.shown(setting, "device"), own), np.array([0]), np.array([1]))
                     for t in (table, changed))  # fmt: skip
    assert next(first).mean == pytest.approx(next(second).mean)


def test_a_new_workload_is_seen_on_hosts_only(table: Table) -> None:
    setting = table.boards()[0]
    [with_host] = leave_model_out(table, [setting], "device", (0,), {"resnet18"}, {"resnet18"})
    assert with_host.row.model == "resnet18"
    assert with_host.deviation > 0


def test_anchors_of_a_new_workload_are_drawn_as_often_as_asked_and_without_any_it_is_guessed_once(table: Table) -> None:
    settings, counts = table.boards()[:2], (0, 3)
    found = leave_model_out(table, settings, "device", counts, CNN, {"resnet18"}, draws=4)
    assert {g.row.model for g in found} == {"resnet18"}
    assert [sum(g.anchors == count for g in found) for count in counts] == [2, 8]
    assert len({g.mean for g in found if g.anchors == 3}) > 4


def test_the_roofline_is_operations_over_peak() -> None:
    row = next(r for r in ROWS if r.model == "resnet18" and r.peak_gflops)
    assert row.peak_gflops is not None
    assert np.exp(baselines.roofline([row])[0]) == pytest.approx(3.65487 / row.peak_gflops, rel=1e-3)


def test_a_factor_for_the_anchors_makes_them_right_on_the_mean() -> None:
    truth, guess = np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 0.0])
    assert np.allclose(baselines.calibrated(guess, truth, [0, 1]), 1.5)
    assert baselines.calibrated(guess, truth, []) is guess


def guess(device: str, mean: float, truth: float, deviation: float = 0.1) -> Guess:
    row = next(r for r in ROWS if r.model == "resnet18")
    named = type(row)(**{**row.__dict__, "device": device})
    return Guess(named, 0, mean, deviation, truth)


def test_only_pairs_that_are_truly_apart_are_ordered() -> None:
    near, far = [guess("a", 0.0, 0.0), guess("b", 1.0, 0.1)], [guess("a", 0.0, 0.0), guess("b", -1.0, 1.0)]
    assert ordered(near).of == 0
    assert (ordered(far).right, ordered(far).of) == (0, 1)


def test_a_deadline_is_judged_by_its_probability() -> None:
    late = guess("a", np.log(0.05), np.log(0.06))
    unsure = guess("b", np.log(0.034), np.log(0.06))
    assert deadlines([late], sure=True).share == 1.0
    assert deadlines([unsure], sure=True).of == 2
