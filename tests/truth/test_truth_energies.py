"""Known energy through replayed sensors: right within one step, or missing with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.meters.hand_made import GPU
from tests.truth.__main__ import main
from tests.truth.energies import REPLAYS, WAITS, Energy, Replayed, measure, worst


@pytest.mark.parametrize("replayed", REPLAYS, ids=lambda r: r.name)
def test_the_energy_is_the_truth_within_a_step_or_missing_with_the_reason(replayed: Replayed, tmp_path: Path) -> None:
    found = list(measure(replayed, tmp_path))
    assert len(found) == len(WAITS)
    assert [(e.claimed, e.true, e.missing) for e in found if not e.met] == []


def test_a_sensor_that_can_give_no_figure_and_gives_one_is_a_miss() -> None:
    stuck = next(r for r in REPLAYS if r.lacks)
    sound = next(r for r in REPLAYS if not r.lacks)
    assert not Energy(stuck, 100.0, 100.0, "").met
    assert not Energy(stuck, 100.0, None, "another reason").met
    assert Energy(stuck, 100.0, None, f"the counter: {stuck.lacks}").met
    assert not Energy(sound, 100.0, None, "missing").met
    step = GPU.most * sound.step
    assert Energy(sound, 100.0, 100.0 + 0.99 * step, "").met
    assert not Energy(sound, 100.0, 100.0 + 1.01 * step, "").met


def test_the_worst_is_one_that_is_missed_even_where_another_is_further_off() -> None:
    coarse = max(REPLAYS, key=lambda r: r.step * (not r.lacks))
    fine = next(r for r in REPLAYS if r.step < coarse.step)
    near, far = Energy(fine, 100.0, 120.0, ""), Energy(coarse, 100.0, 130.0, "")
    assert (near.met, far.met) == (False, True)
    assert worst(iter([far, near])) is near


def test_the_command_prints_a_table_and_its_worst_and_ends_well() -> None:
    ended = CliRunner().invoke(main, ["--only", "energies"])
    assert ended.exit_code == 0, ended.output
    assert "counter that wraps" in ended.output
    assert ended.output.strip().endswith("5 missing with a reason; at most one step: met")
