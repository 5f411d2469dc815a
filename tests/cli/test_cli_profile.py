"""`tierbench profile`: check."""

from __future__ import annotations

import json
from pathlib import Path

from harness.errors import Exit

ZERO = Path(__file__).parents[2] / "hardware_profiles" / "raspberry-pi-zero-2w.toml"
PRICE = '\n[price]\nvalue = 15\nunit = "USD"\nsource = "shop"\ndate = "2021"\nkind = "datasheet"\nrecheck = "2022-01"\n'


def _copy(folder: Path, text: str) -> Path:
    file = folder / ZERO.name
    file.write_text(text)
    return file


def test_check_tells_errors_by_line_and_fails(tierbench, tmp_path) -> None:
    file = _copy(tmp_path, ZERO.read_text().replace('device = "cpu"', 'device = "cpuu"'))
    done = tierbench("profile", "check", file, ZERO)
    assert done.returncode == Exit.FAILED
    wrong, sound = done.stdout.splitlines()
    assert wrong.startswith(f"{file}:")
    assert wrong.endswith("target[0].device: device is 'cpuu' (did you mean cpu?)")
    assert sound == f"{ZERO}: sound"


def test_check_tells_notes_and_does_not_fail(tierbench, tmp_path) -> None:
    file = _copy(tmp_path, ZERO.read_text() + PRICE)
    done = tierbench("profile", "check", file)
    assert done.returncode == Exit.OK
    line = (ZERO.read_text() + PRICE).count("\n")
    note = f"{file}:{line}: note: price.recheck: price was to be looked up again by 2022-01"
    assert done.stdout.splitlines() == [note, f"{file}: sound"]


def test_check_tells_errors_and_notes_apart_for_scripts(tierbench, tmp_path) -> None:
    file = _copy(tmp_path, ZERO.read_text() + PRICE)
    (row,) = json.loads(tierbench("profile", "check", file, "--json").stdout)
    assert (row["level"], row["field"]) == ("note", "price.recheck")
    (row,) = json.loads(tierbench("profile", "check", _copy(tmp_path, "format = ["), "--json").stdout)
    assert (row["level"], row["line"]) == ("error", 1)


def test_check_of_a_file_that_is_not_there_is_one_line(tierbench, tmp_path) -> None:
    done = tierbench("profile", "check", tmp_path / "none.toml")
    assert done.returncode == Exit.FAILED
    assert "cannot be read: No such file" in done.stdout
    assert done.stderr == ""
