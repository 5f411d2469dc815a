"""A project of its own with one test file, and a pytest in a process of its own on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CONFTEST = """
import pytest

@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_generate_machine_info(config):
    return {"node": "a machine"}  # pytest-benchmark asks the processor for a second
"""
THEIR_WARNINGS = ("-W", "default::pytest_benchmark.logger.PytestBenchmarkWarning")
UNUSED = ("hypothesispytest", "anyio", "pytest_cov", "timeout")
FAST = (
    *("--benchmark-max-time=0.02", "--benchmark-min-rounds=3", "-W", "error", *THEIR_WARNINGS),
    *(word for name in ("cacheprovider", *UNUSED) for word in ("-p", f"no:{name}")),
)


@dataclass
class Project:
    """A folder with a test file; ``run`` starts pytest there and keeps what it said and what was saved."""

    folder: Path
    said: str = ""
    code: int = -1

    def write(self, text: str, name: str = "test_it.py") -> Path:
        """Put a file into the project."""
        path = self.folder / name
        path.write_text(text)
        return path

    def run(self, *arguments: str, **environment: str) -> Project:
        """pytest with the installed plug-ins and short benchmarks; the entries are read by ``entry``."""
        command = [sys.executable, "-P", "-m", "pytest", *FAST, "--benchmark-json=out.json", *arguments]
        self.call(command, **environment)
        return self

    def call(self, command: list[Any], **environment: str) -> None:
        """Any command in the project's folder."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "TIERBENCH", "COV_"))}
        ended = subprocess.run(
            command, cwd=self.folder, env=inherited | environment, capture_output=True, text=True, check=False
        )
        self.said, self.code = ended.stdout + ended.stderr, ended.returncode

    @property
    def saved(self) -> list[dict[str, Any]]:
        """The benchmarks in the saved file."""
        assert (self.folder / "out.json").exists(), self.said
        found: list[dict[str, Any]] = json.loads((self.folder / "out.json").read_text())["benchmarks"]
        return found

    def entry(self, name: str = "test_it") -> dict[str, Any]:
        """Our entry of a test."""
        found: dict[str, Any] = next(b for b in self.saved if b["name"] == name)["extra_info"]["tierbench"]
        return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return _with_conftest(Project(tmp_path))


@pytest.fixture(scope="module")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """A project that several tests share: run once."""

    def make(text: str) -> Project:
        made = _with_conftest(Project(tmp_path_factory.mktemp("project")))
        made.write(text)
        return made

    return make


def _with_conftest(project: Project) -> Project:
    project.write(CONFTEST, "conftest.py")
    return project
