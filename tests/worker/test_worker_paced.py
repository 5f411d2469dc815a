"""What a paced trial says of steps that took longer than asked by themselves."""

from __future__ import annotations

import pytest

from harness.checks import Code
from harness.model.events import Found
from harness.scenarios.paced import Step
from harness.worker import paced

MS = 1_000_000


class Listening:
    """A channel that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, event: object) -> None:
        self.sent.append(event)


def steps(count: int, late_every: int, late_ms: int) -> list[Step]:
    """Each takes 20 ms, but every so many one takes ``late_ms``."""
    found, now = [], 0
    for k in range(count):
        took = (late_ms if late_every and k % late_every == 0 else 20) * MS
        found.append(Step(now, now + min(took, took if took > 20 * MS else 5 * MS), now + took))
        now += took
    return found


@pytest.mark.parametrize(
    ("late_every", "late_ms", "said"),
    [(0, 0, False), (5, 21, True), (20, 21, False), (20, 60, True)],
    ids=["none", "many a little", "few a little", "few by far"],
)
def test_steps_that_are_late_are_told_where_many_are_or_the_pace_is_lost(late_every, late_ms, said):
    channel = Listening()
    paced._complain(steps(100, late_every, late_ms), 0.02, channel)
    codes = [event.finding.code for event in channel.sent if isinstance(event, Found)]
    assert codes == [Code.PACE_MISSED] * said
