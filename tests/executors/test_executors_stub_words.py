"""What the stub says is read as sentences: the user never sees how it said them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.executors import stub_words
from harness.model import codec


def test_an_error_is_its_sentence() -> None:
    said = json.dumps({"stub_error": "cannot enter the group of /g/cgroup.procs: Permission denied"}).encode() + b"\n"
    assert stub_words.parse(said) == ("cannot enter the group of /g/cgroup.procs: Permission denied", ())


@pytest.mark.parametrize(
    ("kind", "code"), [("warm", "not-warm"), ("drop", "not-dropped"), ("outlives", "outlives"), ("new", "stub")]
)
def test_a_note_is_a_finding_and_no_error(kind: str, code: str) -> None:
    error, [finding] = stub_words.parse(json.dumps({"stub_note": [kind, "posix_fadvise of /a: no"]}).encode())
    assert error is None
    assert finding.code == code
    assert finding.message.startswith("posix_fadvise of /a: no")


def test_nothing_said_is_no_error() -> None:
    assert stub_words.parse(b"") == (None, ())


@pytest.mark.parametrize("said", [b"systemd-run: command failed\n", b'{"other": 1}\n', b"[1]\n", b'{"stub_error"\n'])
def test_what_the_stub_did_not_say_is_an_error_as_it_stands(said: bytes) -> None:
    assert stub_words.parse(said) == (said.decode().strip(), ())


@given(st.binary(max_size=80) | st.from_regex(rb'\{"stub_(note|error)": .{0,20}\}', fullmatch=True))
def test_whatever_comes_can_be_written_into_a_record(said: bytes) -> None:
    error, findings = stub_words.parse(said)
    codec.encode([error, *findings])
    odd = json.dumps({"stub_error": "reading of caf\udce9"}).encode()
    codec.encode(stub_words.parse(odd)[0])
