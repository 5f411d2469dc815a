"""Every role has its module, and a child imports no other's."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from harness.model.case import Role
from harness.worker import roles


@pytest.mark.parametrize("role", [role for role in get_args(Role) if role != "prepare"])
def test_it_has_one(role: Role) -> None:
    assert callable(roles.of(role))


def test_preparing_takes_no_steps() -> None:
    with pytest.raises(KeyError):
        roles.of("prepare")


def test_what_looks_at_memory_imports_nothing_that_takes_times() -> None:
    code = (
        "import sys, harness.worker.__main__; from harness.worker import roles; roles.of('need'); "
        "print(*sorted(m for m in sys.modules if m.startswith(('harness.worker', 'harness.checks', 'statistics'))))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "harness.worker.roles.memory" in said
    assert {"harness.worker.timing", "harness.worker.energy", "harness.checks", "statistics"}.isdisjoint(said)


def test_a_child_imports_nothing_that_makes_archives_or_temporary_files() -> None:
    """importlib.abc did, in every trial."""
    code = "import sys, harness.worker.__main__; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "harness.worker.model_index" in said
    assert {"importlib.abc", "importlib.resources", "tempfile", "zipfile", "lzma"}.isdisjoint(said)
