"""The job that checks a contributed profile: shown as it is, its commands exist, and it passes on what is here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from docs_pages import ROOT, blocks

WORKFLOW = ROOT / "examples" / "ci" / "hardware-profiles.yml"


def _commands() -> list[str]:
    return re.findall(r"^ +- run: (.+)$", WORKFLOW.read_text(), re.MULTILINE)


def test_the_page_shows_the_workflow_as_it_is() -> None:
    (shown,) = (b for b in blocks(ROOT / "docs/ci.md") if b.file == ".github/workflows/hardware-profiles.yml")
    assert shown.text == WORKFLOW.read_text()


def test_the_workflow_is_yaml_with_one_job_for_changes_of_profiles() -> None:
    yaml = pytest.importorskip("yaml")
    parsed = yaml.safe_load(WORKFLOW.read_text())
    assert parsed[True] == {"pull_request": {"paths": ["hardware_profiles/**"]}}  # YAML takes the word on for true
    assert [step["run"] for step in parsed["jobs"]["check"]["steps"] if "run" in step] == _commands()


def test_its_commands_are_the_tests_of_profiles_and_the_check() -> None:
    tests, check = _commands()
    target, chosen = re.fullmatch(r"make (\w+) TESTS=(\S+)", tests).groups()
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted((ROOT / chosen).glob("test_*.py"))
    assert check == ".venv/bin/tierbench profile check hardware_profiles/*.toml"


def test_the_check_passes_on_every_profile_here_and_fails_on_a_broken_one(tmp_path: Path) -> None:
    folder = tmp_path / "hardware_profiles"
    folder.mkdir()
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    for file in (ROOT / "hardware_profiles").glob("*.toml"):
        (folder / file.name).write_bytes(file.read_bytes())
    command = ["bash", "-euo", "pipefail", "-c", _commands()[1]]
    options = {"cwd": tmp_path, "env": os.environ, "capture_output": True, "text": True, "check": False}
    sound = subprocess.run(command, **options)
    assert sound.returncode == 0, sound.stdout + sound.stderr
    (folder / "new-board.toml").write_text("format = 1\n")
    broken = subprocess.run(command, **options)
    assert broken.returncode == 1
    assert "hardware_profiles/new-board.toml:1: memory: memory is missing" in broken.stdout
