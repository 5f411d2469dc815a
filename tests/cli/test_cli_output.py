"""What reaches the terminal: text of others steers nothing, and no encoding ends a command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = '''"""Text of somebody else."""
from harness import Model, Workload


class Steers(Workload):
    """Clears \\x1b[2J the screen, and turns \\u202e text around."""

    name = "steers"
    family = "caf\\u00e9"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        return Model(self.go)

    def go(self):
        raise ValueError("\\x1b]0;owned\\x07\\x1b[2J\\u202eboo")
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "ansi.py").write_text(SUITE, encoding="utf-8")
    return tmp_path


def tierbench(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "harness", *arguments]
    settings = {**os.environ, "TIERBENCH_CACHE": str(project / "cache"), **environment}
    return subprocess.run(command, cwd=project, env=settings, capture_output=True, check=False)


def steers(output: bytes) -> bool:
    return b"\x1b" in output or b"\x07" in output or "\u202e".encode() in output


@pytest.mark.slow
def test_nothing_that_a_workload_says_steers_the_terminal(project: Path):
    done = tierbench(project, "run", "ansi", "--quick", "--no-report", "--out", "r")
    assert b"\\x1b]0;owned\\x07" in done.stderr
    assert not steers(done.stdout + done.stderr)
    shown = tierbench(project, "show", "r")
    assert shown.returncode == 0
    assert not steers(shown.stdout + shown.stderr)


@pytest.mark.slow
def test_a_workload_is_shown_with_its_control_characters_spelt_out(project: Path):
    shown = tierbench(project, "show", "ansi/steers")
    assert b"\\x1b[2J" in shown.stdout
    assert b"\\u202e" in shown.stdout
    assert not steers(shown.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "euc-jp", "utf-8"])
def test_an_encoding_that_lacks_letters_ends_no_command(project: Path, encoding: str):
    for arguments in (("show", "ansi/steers"), ("list", "profiles"), ("show", "rpi5")):
        done = tierbench(project, *arguments, PYTHONIOENCODING=encoding)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr


@pytest.mark.slow
def test_a_report_on_an_ascii_terminal_is_written_whole(project: Path):
    tierbench(project, "run", "ansi", "--quick", "--no-report", "--out", "r")
    for kind in ("markdown", "csv", "json", "junit"):
        done = tierbench(project, "report", "r", "-f", kind, PYTHONIOENCODING="ascii")
        assert done.returncode == 0, done.stderr
        assert b"steers" in done.stdout
