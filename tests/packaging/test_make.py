"""The Makefile's own promises, asked of make and of its helper without installing anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with what make needs, and no virtual environment."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "constraints", tmp_path / "constraints")
    return tmp_path


def _make(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "PYTHON", "TORCH_INDEX"))}
    return subprocess.run(["make", *words], cwd=tree, env=environment, capture_output=True, text=True, check=False)


def _ready(tree: Path, *stamps: str) -> None:
    """Let the environment look made, after all that it is made from."""
    (tree / ".venv").mkdir()
    for stamp in stamps:
        (tree / ".venv" / stamp).touch()


def test_make_alone_lists_the_commands(tree: Path) -> None:
    said = _make(tree).stdout
    assert all(f"make {target} " in said for target in ("bench", "test", "check", "perf", "truth", "clean"))


@pytest.mark.parametrize("target", ["bench", "test"])
def test_a_second_call_installs_nothing(tree: Path, target: str) -> None:
    _ready(tree, ".ready-cpu", ".ready-dev-cpu")
    said = _make(tree, "-n", target, "FLAVOUR=cpu").stdout
    assert "pip" not in said
    assert ("tierbench run" if target == "bench" else "pytest --cov") in said


def test_a_changed_pin_installs_again(tree: Path) -> None:
    _ready(tree, ".ready-cpu")
    stamp = (tree / ".venv/.ready-cpu").stat().st_mtime
    os.utime(tree / "constraints/common.txt", (stamp + 5, stamp + 5))
    assert "pip" in _make(tree, "-n", "bench", "FLAVOUR=cpu").stdout


def test_bench_installs_no_tools_of_development(tree: Path) -> None:
    assert "[dev" not in _make(tree, "-n", "bench").stdout
    assert "[dev" in _make(tree, "-n", "test").stdout


def test_a_named_index_is_used_for_torch_alone(tree: Path) -> None:
    lines = _make(tree, "-n", "bench", "TORCH_INDEX=some-index").stdout.splitlines()
    assert ["torch" in line for line in lines if "--extra-index-url some-index" in line] == [True]
    assert "--extra-index-url" not in _make(tree, "-n", "bench").stdout


def test_an_interpreter_that_is_too_old_is_named_in_one_line(tree: Path) -> None:
    old = tree / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" || exit 1\n')
    old.chmod(0o755)
    asked = _make(tree, "bench", f"PYTHON={old}")
    assert asked.returncode
    assert "is Python 3.9.2, and tierbench needs 3.11 or newer" in asked.stderr


def test_a_missing_interpreter_is_named(tree: Path) -> None:
    assert "no no-such-python here" in _make(tree, "bench", "PYTHON=no-such-python").stderr


QUICKER = """#!/bin/sh
[ "$1 $2 $3" = "-m venv --clear" ] || exec {python} "$@"
{python} -m venv --clear --without-pip "$4" && cd "$4"/lib/python*/site-packages && mkdir pip
"""
"""An interpreter that makes environments without installing pip: the folder is what the script looks for."""


def _environment(tree: Path, flavour: str, python: str | Path = sys.executable) -> Path:
    script = [tree / "constraints/make-venv.sh", tree / "venv", flavour]
    subprocess.run(["sh", *script], env=os.environ | {"PYTHON": str(python)}, check=True, capture_output=True)
    return tree / "venv"


@pytest.mark.slow
def test_an_environment_is_kept_while_it_is_whole_and_of_the_flavour(tree: Path) -> None:
    quicker = tree / "quicker"
    quicker.write_text(QUICKER.format(python=sys.executable))
    quicker.chmod(0o755)
    venv = _environment(tree, "cpu")
    (venv / "kept").touch()
    assert (_environment(tree, "cpu") / "kept").exists()
    assert not (_environment(tree, "cuda", quicker) / "kept").exists()
    (venv / "kept").touch()
    assert (_environment(tree, "cuda", quicker) / "kept").exists()
    shutil.rmtree(next(venv.glob("lib/python*/site-packages/pip")))
    assert not (_environment(tree, "cuda", quicker) / "kept").exists()


def test_a_fresh_clone_installs_once_whatever_is_asked_first(tree: Path) -> None:
    """PyTorch and hatchling, then the rest: no environment for users before that of development."""
    for target in ("bench", "check"):
        said = _make(tree, "-n", target, "FLAVOUR=cpu").stdout
        assert (said.count(" install "), said.count("compileall")) == (2, 1)


def test_a_check_is_three_that_may_run_side_by_side(tree: Path) -> None:
    _ready(tree, ".ready-cpu", ".ready-dev-cpu")
    said = _make(tree, "-n", "-j", "2", "check", "FLAVOUR=cpu").stdout
    assert all(tool in said for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports"))
