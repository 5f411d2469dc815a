from __future__ import annotations

import pytest

from harness.scenarios.single_stream import MarkTaker


@pytest.fixture
def marks() -> MarkTaker:
    return MarkTaker()
