"""What a workload printed before it failed a check, whichever way it printed, and how the child ended that tried it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.authoring.rehearsed import check_suite, suite_file
from harness.errors import UserError

SUITE = '''"""Says why before it fails."""

import os, subprocess, sys

from harness import Model, Workload


class Quiet(Workload):
    """Fails without a word."""

    name = "quiet"
    runtimes = ("python",)

    def build(self, place):
        raise ValueError("no")


class Says(Workload):
    """Explains itself."""

    name = "says"
    runtimes = ("python",)

    def build(self, place):
        return Model(self.go)

    def go(self):
        os.write(2, b"libfoo: set FOO_HOME\\n")
        print("by print")
        subprocess.run([sys.executable, "-S", "-c", "print('by a child')"])
        {end}
'''


@pytest.fixture
def checked(tmp_path: Path):
    def check(end: str):
        file = tmp_path / "speaking.py"
        file.write_text(SUITE.replace("{end}", end))
        return check_suite(suite_file(str(file)), tmp_path / "cache")

    return check


def test_what_a_workload_printed_stands_with_its_fault_and_with_no_other(checked):
    quiet, says = checked("raise RuntimeError('foo failed (-3)')").faults
    assert "ValueError: no" in quiet.message
    assert quiet.printed == ""
    assert says.message.endswith("step raises RuntimeError: foo failed (-3)")
    assert set(says.printed.splitlines()) == {"libfoo: set FOO_HOME", "by print", "by a child"}


@pytest.mark.parametrize(("end", "name"), [("os.kill(os.getpid(), 40)", "signal 40"), ("os.abort()", "SIGABRT")])
def test_a_child_that_dies_leaves_its_last_line(checked, end, name):
    with pytest.raises(UserError, match=f"ended by {name}; it printed last: by a child"):
        checked(end)
