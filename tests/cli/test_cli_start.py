"""The command starts where another package has its package's name, and where standard streams are closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tierbench

ROOT = Path(tierbench.__file__).parent
SUITE = """
from harness import Model, Workload

class Nap(Workload):
    name = "nap"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        print("built", flush=True)
        return Model(lambda: sum(range(1000)))
"""


def start(cwd: Path, *arguments: str, path: str = str(ROOT), code: str = "import tierbench; tierbench.main()"):
    command = [sys.executable, "-P", "-c", code, *arguments]
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)


@pytest.mark.parametrize("kind", ["module", "package", "empty package"])
def test_another_package_of_the_name_is_named_with_its_file(kind: str, tmp_path: Path) -> None:
    foreign = tmp_path / ("harness.py" if kind == "module" else "harness/__init__.py")
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("" if kind == "empty package" else "raise RuntimeError('mine')")
    done = start(tmp_path, "--version", path=f"{tmp_path}:{ROOT}")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"tierbench: {foreign}: is found as `harness` in place of tierbench's own package "
        "(take its folder out of PYTHONPATH, or start tierbench elsewhere)"
    ]


def test_its_own_package_is_found_and_run(tmp_path: Path) -> None:
    assert tierbench.found_instead() is None
    (tmp_path / "harness").mkdir()  # a folder that is no package hides nothing
    done = start(tmp_path, "--version", path=f"{tmp_path}:{ROOT}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tierbench")


def test_children_import_this_very_package_whatever_pythonpath_holds(tmp_path: Path) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness/__init__.py").write_text("raise RuntimeError('mine')")
    code = "from harness.asking import child_code; print(child_code('print(harness.__file__)'))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    done = start(tmp_path, path=str(tmp_path), code=said)
    assert done.stdout.strip() == str(ROOT / "harness/__init__.py")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites/light.py").write_text(SUITE)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_a_run_is_made_with_standard_streams_closed(closed: str, project: Path) -> None:
    command = f'exec "{sys.executable}" -m harness run light --quick --budget 0.05 --no-report --out run {closed}'
    environment = os.environ | {"TIERBENCH_CACHE": str(project / "cache"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, cwd=project, env=environment
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in (project / "run/records.jsonl").read_text().splitlines()]
    assert {record["outcome"]["type"] for record in records} == {"ok"}
    assert ("nap" in done.stdout) is (closed in {"2>&-", "<&-"})
