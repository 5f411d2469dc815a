"""The root conftest's rule, tried on test files of its own in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT_CONFTEST = Path(__file__).with_name("conftest.py")

SKIPPING = """
import pytest

def test_passes(): pass
def test_skips(): pytest.skip("no widget here")
@pytest.mark.gpu
def test_needs_a_gpu(): pytest.skip("no GPU")
@pytest.mark.xfail(strict=False)
def test_known_to_fail(): raise ValueError
"""


def _pytest(folder: Path, forbid: bool) -> str:
    (folder / "conftest.py").write_text(ROOT_CONFTEST.read_text())
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = gpu: x\n")
    environment = {k: v for k, v in os.environ.items() if k != "TIERBENCH_FORBID_SKIPS"}
    environment |= {"TIERBENCH_FORBID_SKIPS": "1"} if forbid else {}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(folder)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def test_a_skip_fails_and_says_why_where_skips_are_forbidden(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPING)
    said = _pytest(tmp_path, forbid=True)
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed" in said
    assert "no widget here" in said


def test_skips_are_left_alone_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPING)
    assert "1 passed, 2 skipped, 1 xfailed" in _pytest(tmp_path, forbid=False)


@pytest.mark.parametrize(("forbid", "said"), [(True, "1 error"), (False, "1 skipped")])
def test_a_module_that_skips_as_a_whole_counts_too(tmp_path: Path, forbid: bool, said: str) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\npytest.importorskip('a_module_that_nobody_has')\n")
    assert said in _pytest(tmp_path, forbid)
