"""What is in the wheel and the source distribution, and that the wheel works where nothing else of this tree is."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

import harness
from harness import store
from harness.model.outcome import name_of

ROOT = Path(__file__).parents[2]
CONTENT = ("suites", "hardware_profiles", "reports")
pytestmark = pytest.mark.slow


def _tracked_content() -> set[str]:
    """The content files of this tree, as a wheel names them."""
    kept = (p for kind in CONTENT for p in (ROOT / kind).rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {f"harness/_content/{p.relative_to(ROOT)}" for p in kept}


def test_the_wheel_puts_the_package_and_the_command_on_the_import_path(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"harness", "tierbench.py"}
    assert "harness/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_carries_all_content_and_nothing_else_beside_the_code(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("harness/_content/")}
    assert names == _tracked_content()
    assert {name.split("/")[2] for name in names} == set(CONTENT)


def test_the_source_distribution_has_what_a_newcomer_needs(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"Makefile", "LICENSE", "README.md", "constraints/cpu.txt", "constraints/make-venv.sh"} <= names
    assert {f"{kind}/" for kind in CONTENT} <= {name.split("/")[0] + "/" for name in names}


def test_the_wheel_imports_from_its_own_place(
    clean_environment: Path, clean_variables: dict[str, str], tmp_path: Path
) -> None:
    code = "import harness, importlib.metadata as m; print(harness.__file__); print(m.version('tierbench'))"
    python = str(clean_environment / "python")
    asked = subprocess.run(
        [python, "-c", code], cwd=tmp_path, env=clean_variables, check=True, capture_output=True, text=True
    )
    place, version = asked.stdout.split()
    assert Path(place).is_relative_to(clean_environment.parent)
    assert version == harness.__version__


def test_the_wheel_runs_a_case_of_its_own_suites(
    clean_environment: Path, clean_variables: dict[str, str], tmp_path: Path
) -> None:
    empty, cache = tmp_path / "empty", tmp_path / "cache"
    empty.mkdir()
    command = [clean_environment / "tierbench", "run", "vision", "-k", "mobilenetv2", "--quick", "--budget", "0.5"]
    ran = subprocess.run(
        [*command, "--out", "the-run"],
        cwd=empty,
        env=clean_variables | {"TIERBENCH_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    run = store.read(empty / "the-run")
    assert {name_of(record.outcome) for record in run.records} == {"ok"}
    suites = {Path(case.workload.path) for case in run.manifest.plan.cases}
    assert all(path.is_relative_to(clean_environment.parent) for path in suites)
    assert "<html" in (empty / "the-run/report.html").read_text()


def test_an_editable_install_is_live() -> None:
    assert Path(harness.__file__).is_relative_to(ROOT)
    assert distribution("tierbench").version == harness.__version__
