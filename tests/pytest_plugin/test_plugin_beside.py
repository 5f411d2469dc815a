"""Beside pytest-benchmark: its files and commands, its errors, its options; and where we are not wanted."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Project

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
PLAIN = """
def test_it(benchmark):
    benchmark.extra_info["mine"] = 1
    benchmark(sum, range(100))

def test_other():
    assert True
"""


@pytest.fixture(scope="module")
def saved_once(make_project: Callable[[str], Project]) -> Project:
    """A project with two runs saved; not to be run in."""
    made = make_project(PLAIN)
    for _ in range(2):
        made.run("--benchmark-autosave")
        assert made.code == 0, made.said
    return made


@pytest.fixture
def run_twice(saved_once: Project, tmp_path: Path) -> Project:
    """A copy of it."""
    return Project(Path(shutil.copytree(saved_once.folder, tmp_path / "saved")))


def test_saved_files_are_read_by_their_compare(run_twice: Project) -> None:
    assert run_twice.saved[0]["extra_info"].keys() == {"mine", "tierbench"}
    run_twice.call([BIN / "pytest-benchmark", "compare", "--csv=table.csv", "--sort=mean", "--columns=min,median,mean"])
    assert run_twice.code == 0, run_twice.said
    assert "test_it (0001" in run_twice.said
    assert "test_it (0002" in run_twice.said
    assert (run_twice.folder / "table.csv").read_text().count("test_it.py::test_it,") == 2


def test_a_session_that_compares_shows_each_test_once(run_twice: Project) -> None:
    run_twice.run("--benchmark-compare", "--benchmark-compare-fail=median:1000000%")
    assert run_twice.code == 0, run_twice.said
    theirs, ours = run_twice.said.split("- tierbench: memory")
    assert theirs.count("test_it (") == 2
    assert ours.count("test_it ") == 1


def test_the_table_is_there_when_theirs_ends_with_a_regression(run_twice: Project) -> None:
    run_twice.run("--benchmark-compare", "--benchmark-compare-fail=median:0.000000000000001")
    if "Performance has regressed" in run_twice.said:
        assert run_twice.code != 0
    assert run_twice.said.count("- tierbench: memory") == 1


TROUBLE = """
import pytest

def test_raises(benchmark):
    with pytest.raises(KeyError):
        benchmark({}.__getitem__, "none")

def test_fails(benchmark):
    benchmark({}.__getitem__, "none")

def test_twice(benchmark):
    benchmark(int)
    benchmark(int)

def test_fails_later(benchmark):
    assert benchmark(int) == 1

def test_skips(benchmark):
    pytest.skip("not today")

@pytest.mark.tierbench(extra_cal=False)
def test_misspelt(benchmark):
    benchmark(int)

@pytest.mark.benchmark(group="a group", min_rounds=4)
def test_good(benchmark):
    from pytest_benchmark.fixture import BenchmarkFixture
    assert isinstance(benchmark, BenchmarkFixture)
    assert benchmark.group == "a group"
    benchmark.group = "another"
    assert benchmark(int) == 0
    assert benchmark.stats["rounds"] >= 4
"""


def test_a_test_in_trouble_is_told_as_without_us(project: Project) -> None:
    project.write(TROUBLE)
    project.run("-rA")
    ours, saved = project.said, {b["name"] for b in project.saved}
    project.run("-rA", "--no-tierbench", "--deselect=test_it.py::test_misspelt")
    for outcome in ("PASSED", "FAILED", "SKIPPED", "ERROR"):
        told = [line for line in project.said.splitlines() if line.startswith(outcome) and "misspelt" not in line]
        assert {*told} <= {*ours.splitlines()}
    assert saved == {b["name"] for b in project.saved} == {"test_good", "test_fails_later"}
    assert "the mark `tierbench` takes enabled" in ours
    assert "Fixture can only be used once" in ours
    assert "harness/pytest_plugin" not in ours


def test_options_and_marks_leave_tests_alone(project: Project) -> None:
    project.write(
        PLAIN
        + "\nimport pytest\n@pytest.mark.tierbench(enabled=False)\ndef test_marked(benchmark):\n    benchmark(int)\n"
    )
    project.run("--strict-markers")
    assert {b["name"]: "tierbench" in b["extra_info"] for b in project.saved} == {"test_it": True, "test_marked": False}
    project.run("--no-tierbench")
    assert not any("tierbench" in b["extra_info"] for b in project.saved)
    assert "tierbench: memory" not in project.said
    project.run("-o", "tierbench_memory=false")
    assert not any("tierbench" in b["extra_info"] for b in project.saved)


def test_energy_that_was_asked_for_has_a_column_in_any_case(project: Project) -> None:
    project.write("def test_it(benchmark):\n    benchmark.pedantic(int, setup=lambda: None)\n")
    project.run("--tierbench-energy", "-o", "tierbench_memory=false")
    assert project.entry()["missing"]["host_peak_bytes"] == "tierbench_memory is false"
    assert "Energy a call" in project.said
    assert "-: Energy a call: " in project.said


@pytest.mark.parametrize("quiet", ["-q", "--benchmark-quiet"])
def test_quiet_is_silent(project: Project, quiet: str) -> None:
    project.write(PLAIN)
    project.run(quiet)
    assert project.entry()["host_delta_bytes"] is not None
    assert "tierbench: memory" not in project.said


@pytest.mark.parametrize(
    ("option", "environment"),
    [("--benchmark-disable", {}), ("--benchmark-skip", {}), ("-rA", {"PYTEST_XDIST_WORKER": "gw0"})],
    ids=["disable", "skip", "xdist's worker"],
)
def test_where_nothing_is_timed_the_function_is_called_no_more_often(
    project: Project, option: str, environment: dict[str, str]
) -> None:
    project.write("""
import pytest

CALLS = []

@pytest.fixture(autouse=True, scope="module")
def count():
    yield
    print("CALLS", len(CALLS))

def test_it(benchmark):
    benchmark(CALLS.append, 1)
    assert type(benchmark).__module__.startswith("pytest_benchmark")
""")
    project.run(option, "-s", **environment)
    assert f"CALLS {0 if 'skip' in option else 1}" in project.said or "1 skipped" in project.said, project.said
    assert "tierbench: memory" not in project.said
    assert project.code == 0, project.said


def test_only_benchmarks(project: Project) -> None:
    project.write(PLAIN)
    project.run("--benchmark-only")
    assert "1 passed, 1 skipped" in project.said
    assert "- tierbench: memory" in project.said


def test_without_pytest_benchmark_nothing_happens(project: Project) -> None:
    project.write("def test_it():\n    assert True\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:benchmark", "--markers", "-W", "error"]
    project.call(command)
    assert project.code == 0, project.said
    assert "@pytest.mark.tierbench(" in project.said
    project.call([*command[:5], "test_it.py"])
    assert "1 passed" in project.said


def test_woven_functions_are_measured_and_put_back(project: Project) -> None:
    """aspectlib itself is not installed here: the project brings the one function of it that is used."""
    project.write(
        """
import importlib
class Rollback:
    def __init__(self, undo): self.rollback = undo
def weave(target, aspect):
    module, name = target.rsplit(".", 1)
    module = importlib.import_module(module)
    old = getattr(module, name)
    setattr(module, name, aspect(old))
    return Rollback(lambda: setattr(module, name, old))
""",
        "aspectlib.py",
    )
    project.write("def eat():\n    return len(bytearray(b'1') * (8 << 20))\n", "food.py")
    project.write("""
import food
ORIGINAL = food.eat

def test_it(benchmark_weave):
    benchmark_weave("food.eat")
    assert food.eat() == 8 << 20

def test_back():
    assert food.eat is ORIGINAL
""")
    project.run(PYTHONPATH=str(project.folder))
    assert project.code == 0, project.said
    assert abs(project.entry()["host_delta_bytes"] - (8 << 20)) <= 2 << 20


HEAVY = {"torch", "pandas", "numpy", "jinja2", "scipy", "transformers"}
PRINTING = """
import json, sys

def pytest_unconfigure(config):
    print("MODULES", json.dumps(sorted(sys.modules)))
"""


def _modules(project: Project, *arguments: str) -> set[str]:
    with (project.folder / "conftest.py").open("a") as file:
        file.write(PRINTING)
    project.run(*arguments)
    line = next(line for line in project.said.splitlines() if line.startswith("MODULES"))
    return {*json.loads(line.removeprefix("MODULES "))}


def test_starting_is_light_and_measuring_loads_no_framework(project: Project) -> None:
    project.write(PLAIN)
    assert not {name.split(".")[0] for name in _modules(project)} & HEAVY
    off = {name for name in _modules(project, "--no-tierbench") if name.startswith("harness")}
    assert off == {"harness", "harness.pytest_plugin"}
