"""What `tierbench profile check` finds: every error at once, each with its line and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import profiles
from harness.errors import ContentError, UserError

Write = Callable[..., Path]


def _changed(sound: str, old: str, new: str) -> str:
    assert sound.count(old) == 1
    return sound.replace(old, new)


def _line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_sound_profile_has_no_defects_and_loads(write: Write, sound: str) -> None:
    file = write(sound)
    assert profiles.check(file) == []
    profile = profiles.load(file)
    assert profile.budget_bytes == 1800 << 20
    assert profile.target[0].cores == 4


@pytest.mark.parametrize(
    ("old", "new", "marker", "field", "said", "hint"),
    [
        ("format = 1", "format = 2", "format", "format", "format is 2, this tierbench reads format 1", ""),
        ('tier = "sbc"\n', "", "format", "tier", "tier is missing", ""),
        ('tier = "sbc"', 'tier = "sbc"\nsok = "x"', "sok", "sok", "no field is called sok", "did you mean soc?"),
        ('kind = "board"', 'kind = "bored"', 'kind = "bored', "kind", "kind is 'bored'", "did you mean board?"),
        ('kind = "board"', 'kind = "host"', 'kind = "host', "kind", "stands for the machine itself", "board"),
        ('name = "Demo board"', "name = 7", "name = 7", "name", "name is a number, it must be text", ""),
        ('name = "Demo board"', 'name = " "', "name =", "name", "name is empty", ""),
        ('name = "Demo board"', r'name = "a\u001b[31m"', "name =", "name", "or unseen characters", "plain text"),
        ('id = "demo-board"', 'id = "other"', "id =", "id", "the file is called 'demo-board'", "the same"),
        ('["demo"]', '["Demo board"]', "aliases", "aliases[0]", "'Demo board' is not a name", "lower-case"),
        ('["demo"]', '["host"]', "aliases", "aliases[0]", "stands for the machine itself", ""),
        ('["demo"]', '["demo-board"]', "aliases", "aliases[0]", "is there twice", ""),
        ('unit = "GiB"', 'unit = "GIB"', "nominal", "memory.nominal.unit", "no unit is called 'GIB'", "GiB"),
        ('unit = "W"', 'unit = "J"', "idle", "power.idle.unit", "not a unit of idle", "one of W, mW"),
        ("value = 2,", "value = nan,", "nominal", "memory.nominal.value", "not a finite number", ""),
        ("value = 2,", f"value = 1{'0' * 400},", "nominal", "memory.nominal.value", "not a finite number", ""),
        ('name = "Demo board"', f'name = "{"x" * 501}"', "name =", "name", "has 501 characters, at most 500", ""),
        ("value = 2,", "value = 0,", "nominal", "memory.nominal.value", "value is 0", "leave out"),
        ("value = 2,", "value = true,", "nominal", "memory.nominal.value", "is a truth value", ""),
        ("value = 2,", "value = 1,", "usable", "memory.usable", "1.86 GiB, above the nominal 1 GiB", ""),
        ("value = 100,", "value = 1900,", "reserve", "memory.reserve", "leaves nothing", ""),
        ("value = 3.1,", "value = 31,", "bandwidth_copy", "memory.bandwidth_copy_1t", "above the peak 12.8 GB/s", ""),
        ('"2024-05-17"', '"2024-02-30"', "usable", "memory.usable.date", "which does not exist", "YYYY"),
        ('"2024-05-17"', '"9024-02-03"', "usable", "memory.usable.date", "in the future", "YYYY"),
        ('"2024-05-17"', '"17.5.2024"', "usable", "memory.usable.date", "not a date", "YYYY"),
        ('"2024-05-17"', "2024-05-17", "usable", "memory.usable.date", "is a date, it must be text", "in quotes"),
        ('"2024-05-17"', '"2024-05-17", recheck = "2024-13"', "usable", "memory.usable.recheck", "not exist", "YYYY"),
        ('"2024-05-17"', '"2024-05-17", by = "vendors"', "usable", "memory.usable.by", "by is 'vendors'", "vendor"),
        ('"tinymembench"', '""', "bandwidth_copy", "memory.bandwidth_copy_1t.source", "source is empty", "page"),
        ('scope = "wall", ', "", "idle", "power.idle", "a power figure needs its scope", "wall"),
        ('scope = "wall"', 'scope = "socket"', "idle", "power.idle.scope", "scope is 'socket'", "board"),
        ("value = 4,", "value = 3.5,", "cores", "target[0].clusters[0].cores.value", "value is 3.5", "whole"),
        ("value = 48,", "value = 96,", "peak_fp32", "target[0].peak_fp32", "is 48 GFLOP/s", "wrong"),
        ('["float32"]', '["fp32"]', "dtypes", "target[0].dtypes[0]", "no data type is called 'fp32'", "float32"),
        ('id = "cpu"', 'id = "CPU"', 'id = "CPU"', "target[0].id", "'CPU' is not a name", ""),
    ],
)  # fmt: skip
def test_each_defect_is_told_with_its_line_and_what_would_be_right(
    write: Write, sound: str, old: str, new: str, marker: str, field: str, said: str, hint: str
) -> None:
    text = _changed(sound, old, new)
    (defect,) = profiles.check(write(text))
    assert defect.field == field
    assert said in defect.message
    assert hint in defect.hint
    assert defect.line == _line(text, marker)


MORE = """
cooling = "fan"
firmware = "2024-05 boot loader"
driver = "none"
price = { value = 60, unit = "EUR", source = "shop", date = "2024", kind = "datasheet", recheck = "2099-01" }

[[npu]]
name = "Some accelerator"
sparse = true
runtime = "some-npu"
peak_int8 = { value = 6, unit = "TOP/s", source = "data sheet", date = "2024", kind = "datasheet", by = "vendor" }

[[network]]
name = "Ethernet"
bandwidth = { value = 942, unit = "Mbit/s", source = "iperf3", date = "2024", kind = "measured", by = "independent" }
round_trip = { value = 0.4, unit = "ms", source = "ping", date = "2024", kind = "measured" }

[memory]
"""

ANCHORS = """
[[target.anchors]]
runtime = "ncnn"
version = "20240410"
dtype = "float32"
threads = 4
unit = "ms"
statistic = "minimum"
source = "benchncnn"
date = "2024"
kind = "measured"
by = "independent"
n = 8
values = { mobilenet_v2 = 20.5, "yolo-fastest-1.1" = 9 }
spread = { mobilenet_v2 = 0.02 }
samples = { mobilenet_v2 = [20.5, 20.9] }
"""


def test_a_profile_with_all_that_can_be_said_is_sound(write: Write, sound: str) -> None:
    profile = profiles.load(write(_changed(sound, "\n[memory]\n", MORE) + ANCHORS))
    anchors = profile.target[0].anchors[0]
    assert (anchors.values["yolo-fastest-1.1"], anchors.metric, anchors.batch) == (9, "latency", 1)
    assert profile.price is not None
    assert profile.network[0].round_trip is not None
    assert profile.network[0].round_trip.base == pytest.approx(4e-4)
    assert profile.npu[0].peak_int8 is not None
    assert profile.npu[0].peak_int8.base == 6e12


def test_a_number_that_is_whole_for_some_and_not_for_others_is_refused_alike(write: Write, sound: str) -> None:
    """JSON Schema takes 1.0 for the whole number 1, and the types do not."""
    file = write(sound.replace("format = 1", "format = 1.0"))
    (defect,) = profiles.check(file)
    assert "format" in defect.message
    with pytest.raises(ContentError, match="format"):
        profiles.load(file)


def test_all_errors_are_told_at_once_in_the_order_of_their_lines(write: Write, sound: str) -> None:
    text = sound.replace('"GiB"', '"GiBi"').replace('date = "2024-05-17"', 'date = "soon"').replace("4x Some", "\\t")
    text = text.replace('value = 1.5, unit = "W"', 'value = -1, unit = "V", watts = 3')
    found = profiles.check(write(text))
    assert [d.field for d in found] == [
        "memory.nominal.unit",
        "memory.usable.date",
        "target[0].name",
        "power.idle.unit",
        "power.idle.value",
        "power.idle.watts",
    ]
    assert [d.line for d in found] == sorted(d.line for d in found)


def test_a_figure_that_is_a_bare_number_says_how_a_figure_is_written(write: Write, sound: str) -> None:
    text = sound.replace("[power]", "[power]\nload = 3")
    (defect,) = profiles.check(write(text))
    assert (defect.field, defect.message) == ("power.load", "load is a number, it must be a table")
    assert "unit = ..." in defect.hint


def test_lines_are_right_with_tables_of_their_own_and_comments(write: Write, sound: str) -> None:
    table = (
        '[memory.swap]\n# size\nvalue = 1\n\nunit = "MB/s" # no\nsource = """x"""\ndate = "2024"\nkind = "measured"\n\n'
    )
    text = sound.replace("[[target]]", table + "[[target]]", 1)
    (defect,) = profiles.check(write(text))
    assert (defect.field, defect.line) == ("memory.swap.unit", _line(text, 'unit = "MB/s"'))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (b'format = 1\nid = "x\n', 2, "not TOML: Illegal character"),
        (b"format = 1\nformat = 2\n", 2, "not TOML: Cannot overwrite a value"),
        (b"format = 1\nid = ", 2, "not TOML: Invalid value"),
        (b"format = 1\nname = '\xff'\n", 2, "not UTF-8"),
        (b"a = 1\nb = \x07\n", 2, "not TOML"),
        (b"a = " + b"[" * 5000, 1, "nested too deeply"),
        (b"a = 1\nb = " + b"[" * 20 + b"]" * 20, 2, "nested too deeply"),
        (b"\n" + b"a." * 100_000 + b"a = 1", 2, "nested too deeply"),
        (b"\n\n[" + b"'a' . " * 40_000 + b"a]", 3, "nested too deeply"),
        (b"a = 1\nb = 0x" + b"f" * 200_000, 2, "b is a number of too many digits"),
        (b"a = " + b"9" * 5000, 1, "not TOML"),
        (b"# " + b"x" * (300 * 1024), 1, "more than 262144 bytes"),
        (b"\x00" * 100, 1, "not TOML"),
    ],
)
def test_what_is_no_toml_is_one_defect_with_its_line(write: Write, text: bytes, line: int, said: str) -> None:
    (defect,) = profiles.check(write(text))
    assert defect.line == line
    assert said in defect.message
    assert "at line" not in defect.message


def test_an_empty_file_says_all_that_is_missing(write: Write) -> None:
    found = profiles.check(write(""))
    assert {d.field for d in found} == {"format", "id", "name", "kind", "tier", "memory", "target"}


def test_a_profile_without_targets_and_one_with_two_of_a_name(write: Write, sound: str) -> None:
    start = sound.index("[[target]]")
    (none,) = profiles.check(write("target = []\n" + sound[:start]))
    assert (none.line, none.message) == (1, "there is no target")
    again = '\n[[target]]\nid = "cpu"\ndevice = "gpu"\nname = "again"\n'
    (twice,) = profiles.check(write(sound + again))
    assert (twice.field, twice.line) == ("target[1].id", (sound + again).count("\n") - 2)


def test_a_broken_profile_cannot_be_loaded_and_the_error_names_file_and_line(write: Write, sound: str) -> None:
    file = write(sound.replace('unit = "GiB"', 'unit = "GIB"').replace('tier = "sbc"\n', ""))
    with pytest.raises(ContentError) as caught:
        profiles.load(file)
    assert caught.value.where == f"{file}:1"
    assert caught.value.line == f"{file}:1: tier: tier is missing; 1 more in `tierbench profile check {file}`"


def test_a_defect_of_meaning_alone_also_stops_loading(write: Write, sound: str) -> None:
    with pytest.raises(ContentError, match="no unit is called 'GIB'"):
        profiles.load(write(sound.replace('unit = "GiB"', 'unit = "GIB"')))


@pytest.mark.parametrize("path", ["missing.toml", "."])
def test_a_file_that_is_not_there_is_a_user_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(UserError, match=r"cannot be read|is not a file"):
        profiles.check(tmp_path / path)
    with pytest.raises(UserError, match=r"cannot be read|is not a file"):
        profiles.load(tmp_path / path)


def test_a_device_is_not_read_for_ever() -> None:
    with pytest.raises(UserError, match="is not a file"):
        profiles.check(Path("/dev/zero"))


def test_a_byte_order_mark_is_passed_over_and_utf_16_is_named(write: Write, sound: str) -> None:
    assert profiles.check(write(b"\xef\xbb\xbf" + sound.encode())) == []
    broken = sound.replace('unit = "GiB"', 'unit = "GIB"')
    (marked,), (plain,) = profiles.check(write(b"\xef\xbb\xbf" + broken.encode())), profiles.check(write(broken))
    assert marked == plain
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        (defect,) = profiles.check(write(sound.encode(encoding)))
        assert (defect.line, defect.message, defect.hint) == (1, "the file is UTF-16 text", "save it as UTF-8")
