"""A link that the kernel's network emulator shapes, in a virtual machine whose kernel has one."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest

from harness.network import CONNECTIONS

pytestmark = [pytest.mark.vm, pytest.mark.timeout(600)]

SLOWER = 0.25
"""An emulated processor takes its time for each packet: nothing here is fit for a closer look."""


@pytest.fixture
def found(reports: dict[str, dict[str, Any]]) -> dict[str, Any]:
    measured: dict[str, Any] = reports["bare-root"]["link"]
    if measured.get("states", {}).get("netem", "") is not None:
        pytest.skip(f"the virtual machine's kernel: {measured}")
    return measured


def test_the_kernels_emulator_is_found_and_used(found: dict[str, Any]) -> None:
    assert found["means"] == "netem"
    assert "/dev/net/tun" in found["states"]["userspace"], "its module is not there, and that is told"


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_it_delays_and_slows_as_the_formula_says(found: dict[str, Any], connection: str) -> None:
    times, formula = found[connection]["seconds"], found[connection]["formula"]
    assert len(times) == 5
    assert min(times) > 0.98 * formula
    assert median(times) < (1 + SLOWER) * formula
