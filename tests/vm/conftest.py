from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import machine
import pytest

FORBID_SKIPS = "TIERBENCH_FORBID_SKIPS"


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> machine.Machine:
    """The machine's disk and kernel; skips by name where they cannot be had, or fails where skips are forbidden."""
    try:
        return machine.build(tmp_path_factory.mktemp("debian"))
    except machine.Unavailable as reason:
        message = f"virtual machine: {reason}"
        if os.environ.get(FORBID_SKIPS) == "1":
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="session")
def reports(debian: machine.Machine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the guest found, by situation, from a boot without systemd and one with it."""
    inits = ("/opt/tierbench/init", "/sbin/init")
    folders: list[Path] = [tmp_path_factory.mktemp("boot") for _ in inits]
    with ThreadPoolExecutor() as pool:
        boots = list(pool.map(debian.boot, folders, inits))
    return {report["situation"]: report for boot in boots for report in boot}
