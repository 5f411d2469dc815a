"""Pairs of tests of pytest-benchmark, one with tierbench's plug-in at work and one without. PAIRS: how many."""

from __future__ import annotations

import os
from itertools import repeat
from zlib import crc32

import pytest

CHECKED = bytes(1 << 12)
"""Its checksum takes the same time wherever objects lie; the sum of a range differs by 10 % with that."""


def _pair(number: int) -> list[object]:
    turns = (True, False) if number % 2 else (False, True)
    return [pytest.param(number, ours, marks=pytest.mark.tierbench(enabled=ours)) for ours in turns]


def checksums():
    """About a millisecond of them."""
    for _ in repeat(None, 1000):
        crc32(CHECKED)


@pytest.mark.parametrize(("pair", "ours"), [test for pair in range(int(os.environ["PAIRS"])) for test in _pair(pair)])
def test_checksums(benchmark, pair, ours):
    """An unmodified test, but for its mark."""
    benchmark.pedantic(checksums, rounds=200)
