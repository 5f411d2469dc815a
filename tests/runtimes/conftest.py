from __future__ import annotations

from pathlib import Path

import pytest

from harness.model.workload import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("cpu", "float32", 0, tmp_path)
