"""``tierbench fit`` as a user meets it: what it says, what it refuses, and how it goes on."""

from __future__ import annotations

import json

import builders
import pytest

from harness import store
from harness.cli import main
from harness.errors import Exit

pytestmark = pytest.mark.slow

HEAVY = '''"""Needs some memory."""

from harness import Model, Workload


class Heavy(Workload):
    """32 MiB, from a batch of three on an error."""

    name = "heavy"
    runtimes = ("python",)
    parameters = {"batch": (1,), "kind": ("a",)}

    def build(self, place, batch, kind):
        if batch > 2:
            raise IndexError("no such position")
        held = bytearray(b"x") * (32 << 20)
        return Model(lambda: len(held))
'''


@pytest.fixture
def heavy(light):
    (light / "suites" / "heavy.py").write_text(HEAVY)
    return light


def test_a_run_of_another_kind_is_not_gone_on_with(capsys, tmp_path):
    plan = builders.plan_of(builders.trial())
    with store.RunWriter.create(tmp_path / "run", builders.manifest(plan)):
        pass
    with pytest.raises(SystemExit) as left:
        main(["fit", "--resume", str(tmp_path / "run")])
    assert left.value.code == Exit.BAD_INPUT
    assert "is no run of fit" in capsys.readouterr().err


def test_what_was_found_is_said_stored_and_shown_again(tierbench, heavy, tmp_path):
    done = tierbench(
        "fit", "heavy", "-p", "generic-1gb", "--fast", "-I", heavy, "--out", tmp_path / "runs" / "one", "--json"
    )
    said = json.loads(done.stdout)
    memory, batch = said["found"]
    assert done.returncode == Exit.FAILED, "a try failed"
    assert (memory["what"], memory["state"]) == ("memory", "found")
    assert (batch["state"], batch["value"], batch["reason"]) == ("stopped", 2, "failed: IndexError: no such position")
    listed = json.loads(tierbench("list", "runs", "--runs", tmp_path / "runs", "--json").stdout)
    assert [(row["fit"], row["complete"]) for row in listed] == [(True, True)]
    shown = tierbench("show", tmp_path / "runs" / "one").stdout
    assert "The smallest memory in which it completes is" in shown
    assert "a try failed: IndexError: no such position; it is at least 2" in shown


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "which workload? (see `tierbench list suites`)"),
        (("lite/nap",), "did you mean light/nap"),
        (("light/nap", "-p", "rpi55"), "no hardware profile is called 'rpi55'"),
        (("heavy", "-p", "rpi5", "--parameter", "kind"), "parameter kind of heavy/heavy is 'a'"),
        (("heavy", "-p", "rpi5", "--parameter", "width"), "heavy/heavy has no parameter 'width' (it has batch, kind)"),
        (("heavy", "--parameter", "batch"), "this machine has no limit to fit a parameter in"),
        (("light/nap", "-p", "rpi5", "--runtime", "ncnn"), "nap does not support the runtime ncnn"),
        (("-k",), "No such option"),
        (("light", "--resume", "there"), "--resume goes on with what was asked: leave out workload"),
        (("--resume", "there"), "there: holds no run"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_one_line(heavy, monkeypatch, capsys, tmp_path, arguments, line):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(SystemExit) as left:
        main(["fit", *arguments, "-I", str(heavy)])
    assert left.value.code == Exit.BAD_INPUT
    said = [text for text in capsys.readouterr().err.splitlines() if text.startswith("tierbench: ")]
    assert len(said) == 1
    assert line in said[0]
