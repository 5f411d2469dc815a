"""``tierbench link`` as a user meets it."""

from __future__ import annotations

import json

import pytest

from harness import link
from harness.errors import Exit


@pytest.mark.slow
@pytest.mark.alone
def test_a_payload_that_a_run_measured_is_sent_over_a_link(tierbench, echo, tmp_path):
    if not any(state.reason is None for state in link.states()):
        pytest.skip("; ".join(f"{state.id}: {state.reason}" for state in link.states()))
    ran = tierbench("run", "echo", "-I", echo, "--processes", 1, "--budget", 0.05, "--out", tmp_path / "run")
    assert ran.returncode == Exit.OK, ran.stderr
    sent = ("link", "50Mbit/s,20ms", "--payload", tmp_path / "run", "echo", "--tries", 3)
    lines = tierbench(*sent).stdout.splitlines()
    assert lines[0].startswith("50 Mbit/s, 20 ms round trip; 200 B there, 400 B back; by ")
    assert lines[1].startswith("kept  connection: 2")
    assert ", formula 20.1 ms, " in lines[1]
    assert lines[2].startswith("new   connection: 4")
    said = json.loads(tierbench(*sent, "--json").stdout)
    assert said["payload"] == {"sent": 200.0, "returned": 400.0}
    assert len(said["connections"]["new"]["seconds"]) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("link", "20Mbit,40ms", "--bytes", "1KB", "1KB"), "'20Mbit' is no number with a unit"),
        (("link", "20Mbit/s,40ms"), "give either --bytes or --payload"),
        (("link", "20Mbit/s,40ms", "--bytes", "1", "1KB"), "'1' is no number with a unit (units: B, KiB"),
        (("link", "20Mbit/s,40ms", "--bytes", "0B", "1KB"), "a message without a byte cannot be sent"),
        (("link", "1Mbit/s,40ms", "--bytes", "1GB", "1KB"), "(at most 600 s: fewer tries or bytes)"),
    ],
)
def test_bad_input_is_one_line(tierbench, arguments, said):
    ended = tierbench(*arguments)
    assert ended.returncode == Exit.BAD_INPUT
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_an_unknown_means_is_told(tierbench):
    ended = tierbench("link", "20Mbit/s,40ms", "--bytes", "1KB", "1KB", "--means", "pigeon")
    assert ended.returncode == Exit.BAD_INPUT
    assert "no means of shaping a link is called 'pigeon'" in ended.stderr
