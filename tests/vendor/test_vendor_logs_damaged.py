"""A damaged log never raises anything but a UserError of one line, whatever happened to it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vendor.conftest import HAND_MADE
from vendor.test_vendor_log_setup import FIELDS, OLDER, SUMMARY, as_csv, as_sql, as_table

from harness.errors import UserError
from harness.vendor import benchncnn, llama_bench, logs, profile_file, trtexec
from harness.vendor.about import About

READERS = {"benchncnn": benchncnn.read, "llama-bench": llama_bench.read, "trtexec": trtexec.read}
ROWS = [FIELDS, {**FIELDS, "n_prompt": 512, "n_gen": 0}]
COMMAND = "&&&& RUNNING TensorRT.trtexec [TensorRT v8502] # trtexec --onnx=a.onnx --fp16 --shapes=x:1x3x2\n"
TEXTS = [
    *(file.read_text() for file in sorted(HAND_MADE.glob("*.*")) if file.suffix != ".md" or "llama" in file.name),
    *(way(ROWS) for way in (json.dumps, as_csv, as_sql, as_table)),
    *(COMMAND + text.format(d="01/02/2026", v="", c="trtexec") for text in (SUMMARY, OLDER)),
]
ODD = [
    "NaN", "Infinity", "-1", "0", "1e999", "9" * 5000, "null", "true", "5", "[]", "{}", '"\\ud800"', "[" * 5000,
    "\x00", "\x1b[31m", "\u202e", "|", "'", '"', ",", "x" * 200_000, "1.2.3", "±", "\r", "\ufeff", "99/99/9999", "\n",
    "²", "٣",
]  # fmt: skip
EVERYTHING = About("a log", threads=4, dtype="float32", batch=1, model="m", layers=32)


@st.composite
def damaged(draw):
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        at, to = draw(st.integers(0, len(text))), draw(st.integers(0, 40))
        text = text[:at] + draw(st.sampled_from(ODD) | st.text(max_size=5)) + text[at + to :]
    return text


@st.composite
def wrong_types(draw):
    names = st.sampled_from([*sorted(FIELDS), "samples_ts", "samples_ns"])
    simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    values = st.recursive(simple, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=2))
    return json.dumps([{**FIELDS, **draw(st.dictionaries(names, values, max_size=4))}])


def answers(kind: str, text: str, about: About) -> None:
    try:
        found = READERS[kind]("log", text, about)
    except UserError as error:
        line = error.line
    else:
        line = ""
        profile_file.as_toml(found.groups).encode()
    assert "\n" not in line
    assert len(line) < 1500


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(READERS)), damaged(), st.sampled_from([About("a log"), EVERYTHING]))
def test_a_damaged_log_is_read_or_refused_in_a_line(kind, text, about):
    answers(kind, text, about)


@settings(max_examples=200, deadline=None)
@given(wrong_types(), st.sampled_from([About("a log"), EVERYTHING, About("a log", device="cpu")]))
def test_values_of_other_types_are_read_or_refused_in_a_line(text, about):
    answers("llama-bench", text, about)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("log") / "log"
    file.write_bytes(data)
    for kind in (None, *READERS):
        with pytest.raises(UserError):
            logs.read(file, About("a log"), kind)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps([{**FIELDS, "samples_ts": 5}]), "1: samples_ts is 5 (a list of rates)"),
        (json.dumps([{**FIELDS, "avg_ts": [1]}]), "1: avg_ts is [1] (a number above 0)"),
        (json.dumps([{**FIELDS, "avg_ts": float("nan")}]), "1: avg_ts is nan (a number above 0)"),
        (json.dumps([{**FIELDS, "model_type": 5}]), "1: model_type is 5 (plain text of 1 to 100 characters)"),
        (json.dumps([{**FIELDS, "n_threads": 1e300}]), "1: n_threads is 1e+300 (a whole number from 1 to 1000000)"),
        ('[{"model_type": ' + "9" * 5000 + "}]", "1: not JSON: a number of too many digits"),
        ("[" * 100_000, "1: nested too deeply (an array of objects)"),
        (json.dumps([{**FIELDS, "model_filename": "\ud800"}]), "the model is '\\ud800' (plain text"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, said):
    (tmp_path / "log").write_text(text)
    with pytest.raises(UserError) as caught:
        logs.read(tmp_path / "log", About("a log"), "llama-bench")
    assert said in caught.value.line
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path, encoding):
    (tmp_path / "log").write_text(json.dumps([FIELDS]), encoding=encoding)
    with pytest.raises(UserError, match=r"log:1: the file is UTF-16 text \(save it as UTF-8\)"):
        logs.read(tmp_path / "log", About("a log"))


def test_a_byte_order_mark_is_passed_over(tmp_path):
    (tmp_path / "log").write_text(json.dumps([FIELDS]), encoding="utf-8-sig")
    assert logs.read(tmp_path / "log", About("a log")).groups


def test_only_regular_files_of_a_sane_size_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(10 << 30)
    for path, said in (
        (Path("/dev/zero"), "is not a file but a device"), (tmp_path / "pipe", "is not a file but a pipe"),
        (tmp_path, "is not a file but a directory"), (large, "the file has more than 64 MiB"),
        (tmp_path / ("x" * 5000), "cannot be read: File name too long"), (tmp_path / "a\0b", "cannot be read: "),
        (tmp_path / "none", "cannot be read: No such file"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=said) as caught:
            logs.read(path, About("a log"))
        assert len(caught.value.line) < 500
