from __future__ import annotations

import sys
from pathlib import Path

from harness import limits

sys.path.insert(0, str(Path(__file__).parents[1] / "launch"))

KERNEL_GROUPS = {"cgroup2", "systemd-scope", "cgroup1"}


def usable_kernel_groups() -> list[str]:
    """The means with a kernel group that this machine offers; tests/vm tries the others."""
    return [state.id for state in limits.states() if state.id in KERNEL_GROUPS and state.reason is None]


def pytest_generate_tests(metafunc) -> None:
    if "means" in metafunc.fixturenames:
        metafunc.parametrize("means", usable_kernel_groups())
