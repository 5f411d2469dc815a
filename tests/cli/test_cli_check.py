"""``tierbench new suite`` and ``tierbench check suite``."""

from __future__ import annotations

import json
from pathlib import Path

from harness.errors import Exit


def test_new_writes_into_the_project_and_refuses_to_overwrite(tierbench, tmp_path):
    done = tierbench("new", "suite", "bell")
    assert done.returncode == Exit.OK, done.stderr
    assert done.stdout.splitlines()[0] == "suites/bell: try it with: tierbench check suite bell"
    assert (tmp_path / "empty/suites/bell/suite.py").is_file()
    again = tierbench("new", "suite", "bell")
    assert again.returncode == Exit.BAD_INPUT
    assert "is there already" in again.stderr


def test_check_says_all_that_is_wrong_with_file_and_line(tierbench, light):
    file = light / "suites" / "light.py"
    sound = tierbench("check", "suite", file)
    assert (sound.returncode, sound.stdout) == (Exit.OK, f"{file}: sound: nap\n")
    file.write_text(file.read_text().replace('quick = {"ms": 1}', 'quick = {"ms": 1}\n    deadline_seconds = "1 s"'))
    done = tierbench("check", "suite", "light", "-I", light)
    assert done.returncode == Exit.FAILED
    line = file.read_text().splitlines().index('    deadline_seconds = "1 s"') + 1
    said = "Nap: deadline_seconds is '1 s': it must be a number of seconds above 0"
    assert done.stdout == f"{file}:{line}: {said}\n"
    (row,) = json.loads(tierbench("check", "suite", file, "--json").stdout)
    assert (Path(row["file"]), row["line"], row["message"]) == (file, line, said)


def test_check_of_an_unknown_suite_is_bad_input(tierbench):
    done = tierbench("check", "suite", "visoin")
    assert done.returncode == Exit.BAD_INPUT
    assert "did you mean vision?" in done.stderr


def test_only_workloads_that_are_asked_for_are_tried(tierbench, light):
    file = light / "suites" / "light.py"
    assert tierbench("check", "suite", file, "-k", "na").stdout == f"{file}: sound: nap\n"
    none = tierbench("check", "suite", file, "-k", "sleep")
    assert (none.returncode, none.stderr) == (
        Exit.BAD_INPUT,
        f"tierbench: {file}: no workload has 'sleep' in its name\n",
    )
