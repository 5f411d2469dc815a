"""Steps of known duration, run by the command line: the claimed median is the median of what the steps noted."""

from __future__ import annotations

import pytest

from tests.truth import durations, table
from tests.truth.durations import Duration, allowed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.alone]


ATTEMPTS = 3
"""A busy machine takes a core away for a while, which is in the mean of a round and not in the median of its steps. So
the first of so many runs counts in which no claim is off: a wrong one would be off in each."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Duration]:
    cache = tmp_path_factory.mktemp("durations")
    for attempt in range(ATTEMPTS):
        measured = durations.measure(tmp_path_factory.mktemp(f"attempt-{attempt}"), cache)
        if not _off(measured):
            break
    return measured


def _off(measured: list[Duration]) -> dict[str, float]:
    return {d.program: d.claimed - d.true for d in measured if abs(d.claimed - d.true) > allowed(d.true)}


def test_there_is_one_of_each(found: list[Duration]) -> None:
    assert [row.asked for row in found] == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]


def test_the_claimed_median_is_that_of_the_steps_themselves(found: list[Duration]) -> None:
    assert _off(found) == {}


def test_no_step_says_that_it_was_faster_than_asked(found: list[Duration]) -> None:
    assert all(row.true >= row.asked for row in found)
    assert table.text(table.duration_rows(found)).count("\n") == len(found)
