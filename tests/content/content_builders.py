"""Small content for tests to find."""

from __future__ import annotations

from pathlib import Path

PROFILE = Path(__file__).parents[2] / "hardware_profiles" / "raspberry-pi-zero-2w.toml"
SUITE = "from harness import Workload\n"


def put(path: Path, text: str = SUITE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
