from __future__ import annotations

from pathlib import Path

import pytest

HAND_MADE = Path(__file__).parent / "hand_made"

BOARD = """\
# A board that does not exist.
format = 1
id = "demo-board"
name = "Demo board"
kind = "board"
tier = "sbc"

[memory]  # as sold
nominal = { value = 2, unit = "GiB", source = "data sheet", date = "2024-05", kind = "datasheet" }
usable = { value = 1900, unit = "MiB", source = "free -m", date = "2024-05-17", kind = "measured" }
reserve = { value = 100, unit = "MiB", source = "free -m", date = "2024", kind = "measured" }

[[target]]
id = "cpu"  # all of its cores
device = "cpu"
name = "4x Cortex-A76"
dtypes = ["float32", "float16"]
isa = ["armv8.2-a"]

[[target.clusters]]
name = "Cortex-A76"
cores = { value = 4, unit = "cores", source = "data sheet", date = "2024", kind = "datasheet" }
clock = { value = 2.4, unit = "GHz", source = "data sheet", date = "2024", kind = "datasheet" }
flop_per_cycle_fp32 = { value = 16, unit = "FLOP/cycle", source = "manual", date = "2024", kind = "datasheet" }

[[target]]
id = "gpu"
device = "gpu"
name = "Some GPU"

# What it draws.
[power]
idle = { value = 1.5, unit = "W", scope = "wall", source = "meter", date = "2024", kind = "measured" }
"""


@pytest.fixture
def hand_made() -> Path:
    return HAND_MADE


@pytest.fixture
def board(tmp_path) -> Path:
    file = tmp_path / "demo-board.toml"
    file.write_text(BOARD)
    return file
