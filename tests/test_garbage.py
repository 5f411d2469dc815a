"""Garbage is looked for seldom while it is worth it, and then as before."""

from __future__ import annotations

import gc

import pytest

from harness.garbage import SELDOM, seldom_collecting


def test_it_is_as_before_afterwards_whatever_happens():
    before = gc.get_threshold()
    with seldom_collecting():
        assert gc.get_threshold() == (SELDOM, *before[1:])
    assert gc.get_threshold() == before
    with pytest.raises(ZeroDivisionError):
        seldom_collecting()(lambda: 1 / 0)()
    assert gc.get_threshold() == before
