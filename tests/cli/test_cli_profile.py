"""`tierbench profile`: new, check, show and diff."""

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


def test_new_writes_a_file_that_the_check_leads_through(tierbench, tmp_path) -> None:
    file = tmp_path / "my-board.toml"
    done = tierbench("profile", "new", "--id", "my-board", "--name", "My board", "--tier", "sbc", "-o", file)
    assert done.returncode == Exit.OK, done.stderr
    marked = [n for n, line in enumerate(file.read_text().splitlines(), 1) if "# FILL IN" in line]
    assert f"fill in the {len(marked)} marked lines" in done.stdout
    found = json.loads(tierbench("profile", "check", file, "--json").stdout)
    assert [row["line"] for row in found] == marked


def test_new_overwrites_nothing_and_refuses_a_name_that_cannot_be(tierbench, tmp_path) -> None:
    file = tmp_path / "my-board.toml"
    file.write_text("mine")
    done = tierbench("profile", "new", "--id", "my-board", "-o", file)
    assert done.returncode == Exit.BAD_INPUT
    assert done.stderr == f"tierbench: {file}: is there already (choose another file with -o)\n"
    assert file.read_text() == "mine"
    assert "cannot name a profile" in tierbench("profile", "new", "--id", "My board").stderr
    missing = tierbench("profile", "new", "--id", "b", "-o", tmp_path / "none" / "b.toml")
    assert "cannot be written: No such file or directory" in missing.stderr


def test_show_is_a_page_by_name_alias_or_file(tierbench) -> None:
    page = tierbench("profile", "show", "raspberry-pi-zero-2w").stdout
    assert "Raspberry Pi Zero 2 W (raspberry-pi-zero-2w)" in page
    for part in ("\ntargets\n", "\nfigures\n", "\nanchors\n", "anchored: 18 models in ncnn float32 at 4 threads"):
        assert part in page
    assert tierbench("profile", "show", ZERO).stdout == page
    by_alias = tierbench("profile", "show", "pizero2")
    assert by_alias.stdout == page
    assert by_alias.stderr == "pizero2 is raspberry-pi-zero-2w\n"


def test_show_for_scripts_has_calibration_and_notes(tierbench, tmp_path) -> None:
    file = _copy(tmp_path, ZERO.read_text() + PRICE)
    shown = json.loads(tierbench("profile", "show", file, "--json").stdout)
    assert shown["profile"]["id"] == "raspberry-pi-zero-2w"
    assert shown["calibration"]["cpu"]["level"] == "anchored"
    assert [note["field"] for note in shown["notes"]] == ["price.recheck"]


def test_show_of_a_broken_file_names_its_line(tierbench, tmp_path) -> None:
    done = tierbench("profile", "show", _copy(tmp_path, "format = ["))
    assert done.returncode == Exit.BAD_INPUT
    assert f"{tmp_path / ZERO.name}:1: not TOML" in done.stderr
    assert "did you mean raspberry-pi-zero-2w" in tierbench("profile", "show", "raspberry-pi-zero-2").stderr


def test_diff_says_what_differs_figure_by_figure(tierbench, tmp_path) -> None:
    file = _copy(tmp_path, ZERO.read_text().replace("value = 512\n", "value = 1024\n"))
    done = tierbench("profile", "diff", ZERO, file)
    assert done.returncode == Exit.OK
    assert done.stdout == "memory.nominal  512 MiB (datasheet) → 1024 MiB (datasheet)  (2 times)\n"
    (row,) = json.loads(tierbench("profile", "diff", ZERO, file, "--json").stdout)
    assert (row["path"], row["ratio"]) == ("memory.nominal", 2.0)
    assert tierbench("profile", "diff", ZERO, "pizero2").stdout == "no difference\n"
