"""Projected beside measured, from records of a board that are made up."""

from __future__ import annotations

import pytest
from vendor.calibrated import MILLISECONDS, measured
from vendor.conftest import BOARD

from harness import profiles
from harness.errors import UserError
from harness.model.events import Notice
from harness.vendor import profile_file, putting, verify


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    """The text of a profile that was calibrated on this very board."""
    file = tmp_path_factory.mktemp("calibrated") / "demo-board.toml"
    file.write_text(BOARD)
    text, _ = putting.put(BOARD, measured(), profile_file.load(file), "cpu", file)
    return text


@pytest.fixture
def known(board, calibrated):
    profile_file.write(calibrated, board)
    return board


def held(file, found, said=None):
    profile = profiles.load(file)
    target = profile.target[0]
    emit = (lambda _event: None) if said is None else said.append
    return verify.compare(profile, target, verify.settings_of(target, file), found, emit)


def test_a_board_that_is_as_its_profile_says_is_within_its_intervals(known):
    found = held(known, measured())
    assert len(found.all_pairs) == 2 * len(MILLISECONDS)
    assert found.holds
    assert verify.sentence(found).endswith("(10 % may): as often as it may")


def test_a_board_that_is_four_times_as_slow_is_not(known):
    found = held(known, measured(slower=12.0, faster=4.0))
    assert not found.holds
    assert "more often than it should" in verify.sentence(found)
    assert all(pair.ratio < 0.6 for pair in found.all_pairs)


def test_the_table_has_a_line_a_model_and_says_what_lies_outside(known):
    lines = verify.table(held(known, measured(slower=12.0, faster=4.0)))
    assert lines[0].split() == ["model", "setting", "projected", "90", "%", "interval", "measured", "ratio", "inside"]
    assert len(lines) == 1 + 2 * len(MILLISECONDS)
    assert lines[1].endswith("no")


@pytest.mark.slow
def test_the_error_is_written_beside_that_of_the_anchors_and_once(known):
    for _ in range(2):
        verify.write(held(known, measured()), "cpu", known)
    methods = [accuracy.method for accuracy in profiles.load(known).target[0].accuracy]
    assert methods == ["leave-one-anchor-out"] * 2 + ["verified on the board"] * 2


def test_a_setting_that_was_not_measured_is_told(known):
    said = []
    other = measured()
    del other.by_threads[1]
    found = held(known, other, said)
    assert len(found.pairs) == 1
    assert said == [Notice("ncnn float32 at 1 thread: nothing valid was measured")]


def test_a_profile_without_anchors_cannot_be_verified(board):
    with pytest.raises(UserError, match="cpu has no anchors in ncnn"):
        verify.settings_of(profiles.load(board).target[0], board)
