"""Whether a child whose time is up was slow, or stalled for want of memory."""

from __future__ import annotations

import pytest

from harness.executors.wait import STALL_FAULTS_PER_SECOND, STALL_SECONDS, Faults
from harness.limits import Group, Join

LIMIT_PAGES = 80_000


class Counted(Group):
    """A group whose counters are set."""

    faults = 0
    again: int | None = 0

    def major_faults(self) -> int:
        return self.faults

    def refaults(self) -> int | None:
        return self.again


@pytest.fixture
def group() -> Counted:
    return Counted("none", Join(), ())


def test_one_that_reads_from_disk_at_a_stalling_rate_to_the_end_stalled(group: Counted) -> None:
    faults = Faults(group, LIMIT_PAGES)
    for second in range(int(STALL_SECONDS) + 1):
        group.faults = second * STALL_FAULTS_PER_SECOND
        faults.look(float(second))
    assert faults.stalled()


@pytest.mark.parametrize(("again", "stalled"), [(LIMIT_PAGES, True), (LIMIT_PAGES - 1, False), (None, False)])
def test_one_that_read_its_limit_again_stalled_however_few_faults_that_took(
    group: Counted, again: int | None, stalled: bool
) -> None:
    """A fault reads many pages at once: ResNet-50 in 316 MiB read 75,000 pages a second again with 37 of them."""
    faults = Faults(group, LIMIT_PAGES)
    for second in range(int(STALL_SECONDS) + 1):
        group.faults = second * 37
        faults.look(float(second))
    group.again = again
    assert faults.stalled() is stalled


def test_only_what_is_read_again_after_the_first_step_is_read_for_want_of_memory(group: Counted) -> None:
    faults = Faults(group, LIMIT_PAGES)
    group.again = 10 * LIMIT_PAGES
    assert not faults.reread_everything()
    faults.stepped()
    assert not faults.reread_everything()
    group.again = 11 * LIMIT_PAGES - 1
    faults.stepped()
    assert not faults.reread_everything()
    group.again = 11 * LIMIT_PAGES
    assert faults.reread_everything()
