from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SOUND = """\
format = 1
id = "demo-board"
aliases = ["demo"]
name = "Demo board"
kind = "board"
tier = "sbc"

[memory]
nominal = { value = 2, unit = "GiB", source = "data sheet", date = "2024-05", kind = "datasheet" }
usable = { value = 1900, unit = "MiB", source = "free -m", date = "2024-05-17", kind = "measured" }
reserve = { value = 100, unit = "MiB", source = "free -m", date = "2024", kind = "estimated" }
bandwidth_peak = { value = 12.8, unit = "GB/s", source = "data sheet", date = "2024", kind = "datasheet" }
bandwidth_copy_1t = { value = 3.1, unit = "GB/s", source = "tinymembench", date = "2024", kind = "measured" }

[[target]]
id = "cpu"
device = "cpu"
name = "4x Some core"
dtypes = ["float32"]
peak_fp32 = { value = 48, unit = "GFLOP/s", source = "computed", date = "2024", kind = "computed" }

[[target.clusters]]
name = "Some core"
cores = { value = 4, unit = "cores", source = "data sheet", date = "2024", kind = "datasheet" }
clock = { value = 1.5, unit = "GHz", source = "data sheet", date = "2024", kind = "datasheet" }
flop_per_cycle_fp32 = { value = 8, unit = "FLOP/cycle", source = "manual", date = "2024", kind = "datasheet" }

[power]
idle = { value = 1.5, unit = "W", scope = "wall", source = "meter", date = "2024", kind = "measured" }
"""


@pytest.fixture
def sound() -> str:
    return SOUND


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_profile(text: str | bytes, name: str = "demo-board") -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_profile
