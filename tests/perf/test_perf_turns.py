"""Processes that take turns: only one runs at a time, all of them end, and what was interrupted is left out."""

from __future__ import annotations

import json
import sys
from itertools import pairwise

import pytest

from tests.perf import turns
from tests.perf.turns import Turns, await_stop, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

LOOKS = 40
NOTE = f"""
import json, os, signal, time
os.kill(os.getpid(), signal.SIGSTOP)
seen, last = [], 0
while len(seen) < {LOOKS}:
    now = time.monotonic_ns()
    if now - last > 10_000_000:
        seen.append(now)
        last = now
print(json.dumps(seen))
"""
"""Notes every 10 ms that it runs."""
COMPLAIN = "raise SystemExit('no such model')"


def test_one_runs_while_the_other_is_stopped() -> None:
    with running(*_noting()) as one, running(*_noting()) as other, Turns(0.1) as taking:
        for process in (one, other):
            await_stop(process)
        taking.begin([one.pid, other.pid])
        seen = [json.loads(process.communicate()[0]) for process in (one, other)]
    order = [who for _, who in sorted((at, who) for who, times in enumerate(seen) for at in times)]
    assert len(order) == 2 * LOOKS
    changes = sum(a != b for a, b in pairwise(order))
    assert 2 <= changes < LOOKS, "side by side they would alternate at nearly every look"


def test_a_call_that_a_turn_ended_in_is_left_out_and_too_many_of_them_are_an_error() -> None:
    assert turns._median([1e-3, 2e-3, 3e-3, 0.5]) == 2e-3
    with pytest.raises(RuntimeError, match="of 4 calls only 2 were shorter than a turn"):
        turns._median([1e-3, 2e-3, 0.5, 0.5])


def test_a_program_that_fails_is_told_with_its_complaint() -> None:
    with running(sys.executable, "-c", COMPLAIN) as process, pytest.raises(RuntimeError, match="no such model"):
        await_stop(process)
    with running(*_noting(COMPLAIN)) as process, Turns() as taking:
        await_stop(process)
        taking.begin([process.pid])
        with pytest.raises(RuntimeError, match="no such model"):
            turns._times(process)


def _noting(more: str = "") -> tuple[str, ...]:
    return (sys.executable, "-c", NOTE + more)
