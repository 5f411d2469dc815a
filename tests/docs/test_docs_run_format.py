"""The page on the run format against the code."""

from __future__ import annotations

from pathlib import Path

from harness import store
from harness.model import codec

PAGE = (Path(__file__).parents[2] / "docs" / "run-format.md").read_text()


def test_the_history_ends_at_the_format_in_force():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.split()[1].isdigit()]
    assert [int(row.split()[1]) for row in rows] == list(range(1, codec.FORMAT + 1))


def test_every_file_of_a_run_is_named():
    for name in (store.MANIFEST, store.RECORDS, store.LOCK):
        assert f"`{name}`" in PAGE
