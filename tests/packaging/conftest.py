"""A wheel and a source distribution built from this tree, and a clean environment with the wheel in it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of this tree, and the wheel that was built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    """The built wheel."""
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def clean_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment that has the wheel; its dependencies are this environment's, found by a path file.

    Path files in a folder that a path file adds are not read, so the editable install of this tree does not come along.
    """
    home = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(home / "bin/python"),
        "install",
        "-q",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, text=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


@pytest.fixture
def clean_variables() -> dict[str, str]:
    """This process's environment without what would lead Python to this tree."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV_", "COVERAGE", "TIERBENCH"))}
