"""Suites tried in this process."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model.inquiry import Fault, SuiteQuestion
from harness.rehearsal import rehearse

Tried = Callable[[str], list[Fault]]


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    """What is wrong with a suite of this text."""

    def rehearsed(text: str) -> list[Fault]:
        file = tmp_path / "demo.py"
        file.write_text(textwrap.dedent(text))
        return list(rehearse(SuiteQuestion("demo", str(file), str(tmp_path))).faults)

    return rehearsed
