"""How often the verdict on a measurement is wrong: called valid under a planted disturbance, or invalid with none.

The neighbour and the rounds are real; of the clock that jumps only the clock is replaced.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from harness.checks import validity
from harness.model.case import Pace
from harness.model.record import Record
from tests.checks.disturbances import busy_neighbour, jumped, pinned
from tests.perf.effort import Effort
from tests.perf.processes import Trials, busy_trial
from tests.perf.result import Result
from tests.perf.suites.perf.busy import TURNS, turns_of_a_millisecond

ITEM = "validity"
RUNS = 20
ROUNDS, PERCENTILE = 40, 99
NS = 1_000_000_000
SHORT = Pace(budget_seconds=1.0, warmup_seconds=1.0)
"""Beside a neighbour precision would never be reached; more time would only show the neighbour more plainly."""
JUMPS = tuple(sign * size for size in (NS // 200, NS // 20, NS // 2, 60 * NS, 3600 * NS) for sign in (1, -1))
STEPS = (3, 25)
"""In which of about forty the clock jumps."""


def measure(effort: Effort) -> list[Result]:
    """How many of twenty records are called valid that are not, and how many of twenty invalid with nothing planted."""
    os.environ[TURNS] = str(turns_of_a_millisecond())
    number = effort.times(RUNS)
    trials = Trials(effort.folder / "cache")
    trials.prepare(busy_trial(Pace()))
    with pinned(max(os.sched_getaffinity(0))):
        core = max(os.sched_getaffinity(0))
        quiet = _records(trials, Pace(), number)
        few = _records(trials, Pace(min_rounds=ROUNDS, precision=1.0), number)
        with busy_neighbour(core):
            beside = _records(trials, SHORT, number)
    _check_rounds(few)
    return [
        false_valid("beside a busy neighbour on the same core", beside),
        false_valid("after a jump of the clock, replayed", jumps(number)),
        false_valid(f"with p{PERCENTILE} asked of {ROUNDS} rounds", few, (PERCENTILE,)),
        false_invalid(quiet),
    ]


def jumps(number: int) -> list[Record]:
    """Records of clocks that jumped, by 5 ms to an hour, either way, early and late."""
    return [jumped(jump, at) for jump, at in list(product(JUMPS, STEPS))[:number]]


def false_valid(planted: str, records: Sequence[Record], percentiles: Sequence[float] = ()) -> Result:
    """How many records are called valid though they cannot be."""
    wrong = sum(validity(record, percentiles).state != "invalid" for record in records)
    unit = f"of {len(records)}"
    return Result(ITEM, f"called valid {planted}", wrong, unit, n=len(records), target=f"0 {unit}", met=wrong == 0)


def false_invalid(records: Sequence[Record]) -> Result:
    """How many records are called invalid with nothing planted, and for which reasons; nothing is demanded of it."""
    codes = Counter(code for record in records for code in validity(record).codes)
    wrong = sum(validity(record).state == "invalid" for record in records)
    why = f" ({', '.join(f'{code} {count}' for code, count in codes.most_common())})" if codes else ""
    return Result(ITEM, f"called invalid with nothing planted{why}", wrong, f"of {len(records)}", n=len(records))


def _records(trials: Trials, pace: Pace, number: int) -> list[Record]:
    return [trials.run(busy_trial(pace, process)) for process in range(number)]


def _check_rounds(records: Sequence[Record]) -> None:
    counts = {len(values) for values in _latencies(records)}
    if counts != {ROUNDS}:
        raise RuntimeError(f"there were to be {ROUNDS} rounds, not {sorted(counts)}")


def _latencies(records: Sequence[Record]) -> Iterator[tuple[float, ...]]:
    for record in records:
        found = record.find("latency", "timed")
        yield found.values if found else ()
