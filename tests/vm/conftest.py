from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import debian
import machine
import pytest


@pytest.fixture(scope="session")
def virtual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[machine.Machine]:
    """The machine's disk and kernel, removed at the end; skips by name where they cannot be had."""
    folder = tmp_path_factory.mktemp("debian")
    try:
        yield machine.build(folder)
    except debian.Unavailable as reason:
        pytest.skip(f"virtual machine: {reason}")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def reports(virtual: machine.Machine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the guest found, by situation, from one boot."""
    return {report["situation"]: report for report in virtual.boot(tmp_path_factory.mktemp("boot"))}
