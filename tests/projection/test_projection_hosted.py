"""What is held against published times end to end (``make validate-projection``) finds its boards and their devices."""

from __future__ import annotations

import pytest

from harness import content, profiles
from harness.projection import library
from harness.projection.posterior import Learned
from tests.projection import hosted

every_board = pytest.mark.parametrize("board", hosted.BOARDS)


@every_board
def test_a_board_is_shipped_under_that_name(board: str) -> None:
    assert board in {profile.id for profile in profiles.load_all(content.search_path(()))}


@every_board
def test_its_devices_are_known_and_left_out(board: str) -> None:
    device = hosted.BOARDS[board]
    assert [row for row in library.rows() if row.device.startswith(device)]
    assert isinstance(hosted._without(device), Learned)
