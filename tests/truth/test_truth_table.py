"""The tables of `make truth`, and the poller apart from the programs."""

from __future__ import annotations

import json
import socket
import subprocess
import threading

import pytest
from click.testing import CliRunner

from tests.truth import __main__ as program
from tests.truth import poller, table
from tests.truth.durations import Duration
from tests.truth.programs import MIB
from tests.truth.table import Memory


def grew(true: float, claimed: float | None, polled: int | None = None) -> Memory:
    return Memory("burst", "load", "tree", int(true * MIB), claimed and claimed * MIB, "no group", polled)


@pytest.mark.parametrize(
    ("true", "claimed", "met"), [(100, 102, True), (100, 97.9, False), (512, 517, True), (512, 517.2, False)]
)
def test_a_peak_may_be_off_by_one_percent_or_two_mebibytes(true: float, claimed: float, met: bool) -> None:
    row = grew(true, claimed)
    assert (row.share <= 1) is met
    assert table.worst_memory([row, grew(100, 100)])[1] is met


def test_what_is_not_claimed_is_a_dash_with_its_reason_and_no_miss() -> None:
    (_, cells) = table.memory_rows([grew(100, None)])
    assert cells == ("burst", "load", "all its processes", "100 MiB", "–", "–", "–", "no group")
    assert table.worst_memory([grew(100, None), grew(100, 101)])[1]
    assert table.worst_memory([grew(100, None)]) == ("memory: nothing was claimed", False)


def took(asked: float, true: float, claimed: float) -> Duration:
    return Duration("spin", asked, true, claimed, 8, 8, ())


@pytest.mark.parametrize(
    ("asked", "true", "claimed", "met"),
    [
        (1e-5, 1e-5, 1.19e-5, True),
        (1e-5, 1e-5, 1.21e-5, False),
        (0.1, 0.1, 0.1009, True),
        (0.1, 0.102, 0.102, False),
    ],
)
def test_a_duration_is_held_against_its_own_stamps_and_against_what_was_asked(
    asked: float, true: float, claimed: float, met: bool
) -> None:
    said, verdict = table.worst_duration([took(asked, true, claimed), took(1e-3, 1e-3, 1e-3)])
    assert verdict is met
    assert said.endswith("at most 1 % or 2 µs: met" if met else "at most 1 % or 2 µs: NOT MET")
    assert ("that were asked" in said) is (abs(claimed - asked) > abs(claimed - true))


def test_a_missed_target_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    for met in (True, False):
        monkeypatch.setitem(program.KINDS, "durations", lambda folder, met=met: ("table", ("sentence", met)))
        ended = CliRunner().invoke(program.main, ["--only", "durations"])
        assert (ended.exit_code, ended.output) == (int(not met), "table\n\nsentence\n")


def test_the_poller_sees_what_lasts_and_goes_on_when_a_program_dies() -> None:
    ours, its = socket.socketpair()
    sleeper = subprocess.Popen(["sleep", "60"])
    ours.sendall(json.dumps({"program": "p", "part": "load", "pid": sleeper.pid}).encode())
    seen: list[dict[str, object]] = []
    looking = threading.Thread(target=lambda: seen.append(poller.watch(its)))
    looking.start()
    assert ours.recv(2) == b"go"
    sleeper.kill()
    sleeper.wait()
    ours.close()
    looking.join(10)
    its.close()
    assert seen[0]["grown"] == {"process": 0, "tree": 0}
