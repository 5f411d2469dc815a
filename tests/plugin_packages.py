"""A package of the examples, and one that is broken, installed in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def install(package: Path, group: str, target: Path) -> dict[str, str]:
    """The environment in which both are found; the broken one is called ``broken`` in the entry-point ``group``."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*pip, "--target", str(target), str(package)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    broken = {
        "tierbench_broken.py": "raise RuntimeError('no such library')\n",
        "tierbench_broken-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: tierbench-broken\nVersion: 1\n",
        "tierbench_broken-1.dist-info/entry_points.txt": f"[{group}]\nbroken = tierbench_broken:Plugin\n",
    }
    for name, text in broken.items():
        path = target / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return {**os.environ, "PYTHONPATH": str(target), "TIERBENCH_CACHE": str(target / "cache")}


def tierbench(environment: dict[str, str], folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """The command line in that environment."""
    command = [sys.executable, "-P", "-m", "harness", *map(str, words)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240
    )
