"""How long small questions take beside an interpreter that does nothing."""

from __future__ import annotations

import sys
from functools import partial

from tests.perf import pairs, result
from tests.perf.effort import Effort
from tests.perf.processes import TIERBENCH, call, seconds
from tests.perf.result import Result

ITEM, BARE = "startup", "bare"
QUESTIONS = {"--help": 60.0, "list suites": 150.0}
"""What is asked, and how many milliseconds beyond the interpreter it may take."""


def measure(effort: Effort) -> list[Result]:
    """Milliseconds beyond ``python -c pass``, of the installed command."""
    takers = {question: partial(_time, TIERBENCH, *question.split()) for question in QUESTIONS}
    takers[BARE] = partial(_time, sys.executable, "-c", "pass")
    taken = pairs.interleaved(takers, effort.times(25, 3))
    return [_result(question, taken, at_most) for question, at_most in QUESTIONS.items()]


def _time(*command: object) -> float:
    return seconds(lambda: call(*command))


def _result(question: str, taken: pairs.Taken, at_most: float) -> Result:
    beyond = pairs.differences(taken[question], taken[BARE])
    return result.of(ITEM, f"`tierbench {question}` beyond a bare interpreter", beyond, "ms", 1e3, at_most)
