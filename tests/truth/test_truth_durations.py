"""Steps of known duration, run by the command line: the claimed median is the median of what the steps noted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.truth import durations, table
from tests.truth.durations import Duration, allowed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.alone]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Duration]]:
    folder = tmp_path_factory.mktemp("durations")
    yield durations.measure(folder, folder / "cache")
    shutil.rmtree(folder)


def test_there_is_one_of_each(found: list[Duration]) -> None:
    assert [row.asked for row in found if row.program.startswith("spin")] == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    assert sum(row.program.startswith("stall") for row in found) == 1


def test_what_is_claimed_is_that_of_the_steps_themselves(found: list[Duration]) -> None:
    off = {row.program: row.claimed - row.true for row in found if abs(row.claimed - row.true) > allowed(row.true)}
    assert off == {}


def test_no_step_says_that_it_was_faster_than_asked(found: list[Duration]) -> None:
    assert all(row.true >= row.asked for row in found)
    assert table.text(table.duration_rows(found)).count("\n") == len(found)
