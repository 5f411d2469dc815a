"""Written into a profile: what was put in reads back equal, and all else stays as it stood."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vendor.conftest import BOARD

from harness.errors import UserError
from harness.model.profile import Anchors, Figure
from harness.vendor import importing, profile_file

PROFILES = sorted((Path(__file__).parents[2] / "hardware_profiles").glob("*.toml"))
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
NUMBERS = st.floats(1e-6, 1e9)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@st.composite
def groups(draw):
    values = draw(st.dictionaries(NAMES, NUMBERS, min_size=1, max_size=4))
    some = st.lists(NUMBERS, min_size=1, max_size=5).map(tuple)
    return Anchors(
        runtime=draw(st.sampled_from(["ncnn", "onnxruntime", "llama.cpp"])),
        dtype=draw(st.sampled_from(["float32", "int8"])),
        threads=draw(st.integers(1, 64)),
        unit="ms",
        source=draw(WORDS),
        date="2026-11-25",
        kind="measured",
        values=values,
        version=draw(st.sampled_from(["", "1.0.20261020"])),
        statistic=draw(st.sampled_from(["minimum", "median", "unknown"])),
        by=draw(st.sampled_from([None, "vendor", "tierbench"])),
        n=draw(st.none() | st.integers(1, 1000)),
        spread={name: draw(NUMBERS) for name in values},
        samples={name: draw(some) for name in values} if draw(st.booleans()) else {},
        note=draw(st.just("") | WORDS),
    )


@pytest.mark.slow
@given(st.lists(groups(), min_size=1, max_size=3), st.sampled_from(["cpu", "gpu"]))
@settings(max_examples=80, deadline=None)
def test_anchors_that_are_written_read_back_equal(found, target):
    text = profile_file.put_groups(BOARD, target, "anchors", found)
    assert profile_file.read_back(text, target, "anchors") == found
    again = profile_file.put_groups(text, target, "anchors", found[:1])
    assert profile_file.read_back(again, target, "anchors") == [*found, found[0]]
    data = tomllib.loads(text)
    for table in data["target"]:
        table.pop("anchors", None)
    assert data == tomllib.loads(BOARD)


@given(groups())
@settings(max_examples=30, deadline=None)
def test_anchors_that_are_printed_read_equal_below_a_target(found):
    text = "[[target]]\nid = 'cpu'\n" + profile_file.as_toml([found, found])
    assert profile_file.read_back(text, "cpu", "anchors") == [found, found]


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: file.stem)
def test_every_line_of_a_shipped_profile_stays_where_it_stood(file):
    text = file.read_text()
    group = Anchors(
        "ncnn", "int8", 1, "ms", "here", "2026", "measured", {"squeezenet": 1.0}, samples={"squeezenet": (1.0,)}
    )
    figure = Figure(3.0, "GB/s", "here", "2026", "measured")
    for target in tomllib.loads(text)["target"]:
        written = profile_file.put_groups(text, target["id"], "anchors", [group])
        written = profile_file.put_figure(written, ("memory", "bandwidth_copy"), figure)
        kept = iter(written.split("\n"))
        gone = [line for line in text.split("\n") if line not in kept]
        assert all(line.startswith("bandwidth_copy ") for line in gone)
        assert profile_file.read_back(written, target["id"], "anchors")[-1] == group


def test_a_figure_is_put_into_the_table_it_belongs_to():
    figure = Figure(3.0, "1", "here", "2026", "measured")
    text = profile_file.put_figure(BOARD, ("thread_speedup",), figure, "cpu")
    assert tomllib.loads(text)["target"][0]["thread_speedup"]["value"] == 3.0
    assert profile_file.put_figure(text, ("thread_speedup",), figure, "cpu") == text


def test_what_would_not_be_sound_is_not_written(board):
    group = Anchors("ncnn", "int8", 1, "ms", "here", "2026", "measured", {"squeezenet": 1.0})
    text = profile_file.put_groups(board.read_text(), "cpu", "anchors", [group]).replace('"2026"', '"someday"')
    before = board.read_text()
    with pytest.raises(UserError):
        profile_file.write(text.replace('date = "2024"', 'date = "soon"'), board)
    assert board.read_text() == before


def test_a_log_is_imported_and_imported_again_only_when_told(board, hand_made):
    told = {"source": "our lab", "by": "vendor", "date": "2026-11-25"}
    done = importing.bring(hand_made / "benchncnn.txt", None, board, "cpu", False, told)
    assert done.text.endswith("5 anchors in 3 groups for the target cpu\n")
    once = board.read_text()
    assert "# A board that does not exist." in once
    assert "# What it draws." in once
    with pytest.raises(UserError, match="cpu has mobilenet_ssd in this configuration already, from our lab"):
        importing.bring(hand_made / "benchncnn.txt", None, board, "cpu", False, told)
    importing.bring(hand_made / "benchncnn.txt", None, board, "cpu", True, told)
    assert tomllib.loads(board.read_text()) == tomllib.loads(once)
    with pytest.raises(UserError, match="no target is called 'npu'"):
        importing.bring(hand_made / "benchncnn.txt", None, board, "npu", False, told)
