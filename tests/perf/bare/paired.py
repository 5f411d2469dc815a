"""Pairs of tests of pytest-benchmark, one with tierbench's plug-in at work and one without. PAIRS: how many."""

from __future__ import annotations

import os

import pytest

WORK = range(60_000)
"""Takes about a millisecond to sum."""


def _pair(number: int) -> list[object]:
    turns = (True, False) if number % 2 else (False, True)
    return [pytest.param(number, ours, marks=pytest.mark.tierbench(enabled=ours)) for ours in turns]


@pytest.mark.parametrize(("pair", "ours"), [test for pair in range(int(os.environ["PAIRS"])) for test in _pair(pair)])
def test_sum(benchmark, pair, ours):
    """An unmodified test, but for its mark."""
    benchmark.pedantic(sum, (WORK,), rounds=200)
