"""A suite's compiled code is kept by its content: what stands in the file is what runs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from harness.collect import compiled


@pytest.fixture(autouse=True)
def python_keeps_code(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "suite.py"
    path.write_text("value = 1\n")
    return path


def value_of(suite: Path) -> int:
    names: dict[str, int] = {}
    exec(compiled.code_of(SourceFileLoader("suite", str(suite))), names)
    return names["value"]


def test_the_second_time_it_is_read_and_not_compiled(suite, monkeypatch):
    assert value_of(suite) == 1
    monkeypatch.setattr(SourceFileLoader, "source_to_code", lambda *_: pytest.fail("compiled again"))
    assert value_of(suite) == 1


def test_a_change_of_the_same_length_within_the_same_moment_is_seen(suite):
    assert value_of(suite) == 1
    before = suite.stat()
    suite.write_text("value = 2\n")
    os.utime(suite, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert value_of(suite) == 2


@pytest.mark.parametrize("damage", [lambda b: b[:-4], lambda b: b[:40] + b"nonsense", lambda b: b[:3], lambda _: b""])
def test_what_is_damaged_is_made_anew(suite, damage):
    assert value_of(suite) == 1
    kept = compiled.file_of(suite)
    kept.write_bytes(damage(kept.read_bytes()))
    assert value_of(suite) == 1
    assert value_of(suite) == 1


def test_code_of_a_suite_that_was_moved_names_its_new_place(suite, tmp_path):
    assert value_of(suite) == 1
    moved = suite.parent / "moved" / suite.name
    moved.parent.mkdir()
    compiled.file_of(moved).parent.mkdir()
    suite.rename(moved)
    compiled.file_of(suite).rename(compiled.file_of(moved))
    assert compiled.code_of(SourceFileLoader("suite", str(moved))).co_filename == str(moved)


def test_python_s_own_copy_is_left_alone(suite):
    value_of(suite)
    assert [file.name for file in (suite.parent / "__pycache__").iterdir()] == [compiled.file_of(suite).name]
    assert compiled.file_of(suite) != Path(cache_from_source(str(suite)))


def test_where_nothing_may_be_written_it_is_compiled_each_time(suite, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert value_of(suite) == 1
    assert not compiled.file_of(suite).parent.exists()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    compiled.file_of(suite).parent.write_text("a file where the folder would be")
    assert value_of(suite) == 1


def test_what_was_compiled_without_assertions_is_not_taken_where_they_count(suite):
    suite.write_text("try:\n    assert False\n    value = 1\nexcept AssertionError:\n    value = 2\n")
    code = (
        "import sys; from importlib.machinery import SourceFileLoader; from harness.collect import compiled; "
        "names = {}; "
        "exec(compiled.code_of(SourceFileLoader('suite', sys.argv[1])), names); print(names['value'])"
    )
    said = [
        subprocess.run([sys.executable, *flags, "-c", code, str(suite)], capture_output=True, text=True, check=True)
        for flags in (["-O"], [], ["-O"])
    ]
    assert [done.stdout.strip() for done in said] == ["1", "2", "1"]
