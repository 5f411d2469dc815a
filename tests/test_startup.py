"""What is imported when tierbench starts, or is asked for little."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "pandas", "numpy", "jinja2", "scipy", "transformers"}

_ASK = """
import json, sys
sys.argv = ["tierbench", *{arguments!r}]
try:
    {statement}
except SystemExit as stop:
    assert not stop.code, stop.code
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


def _modules(statement: str, arguments: tuple[str, ...] = ()) -> set[str]:
    """Top-level names in sys.modules of a fresh interpreter after the statement."""
    code = _ASK.format(statement=statement, arguments=arguments)
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(asked.stderr.splitlines()[-1])}


@pytest.mark.parametrize("module", ["harness", "harness.cli", "harness.model.record", "harness.errors"])
def test_importing_is_light(module: str) -> None:
    assert not _modules(f"import {module}") & HEAVY


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("run", "--help"), ("list", "profiles")], ids=" ".join
)
def test_a_small_question_leaves_heavy_libraries_out(arguments: tuple[str, ...]) -> None:
    assert not _modules("from harness.cli import main; main()", arguments) & HEAVY


def test_importing_the_package_runs_nothing_of_its_own() -> None:
    code = "import sys; before = set(sys.modules); import harness; print(*(set(sys.modules) - before))"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name for name in asked.stdout.split() if name.startswith("harness")} == {"harness"}


def test_the_command_is_installed_beside_this_interpreter() -> None:
    command = Path(sys.executable).with_name("tierbench")
    asked = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert "0.1.0" in asked.stdout
