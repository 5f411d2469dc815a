"""Whatever value is given to whichever verb, it ends in lines and a documented exit code, never in a traceback."""

from __future__ import annotations

import os
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import click
import pytest
from cli.cli_commands import commands
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cli import VERBS, cli, main
from harness.errors import Exit, UserError

LONG = ("x" * 300, "x" * 5000, "a/" * 3000, "x" * 300 + ".onnx", "x" * 300 + ".py::C", "9" * 5000)
ODD = (
    *LONG, "", " ", "nan", "inf", "-inf", "1e999", "-1", "0", "²", "a\0b", "\ud800", "\udcff", "\x1b[31m", "\u202e",
    "~nobody-here/x", "~", ".", "..", "/", "pipe", "pipe.py", "pipe.toml",
    "pipe.onnx", "a.b:c", "x.py::C", "x.onnx", "x.pt2", "x.gguf", "latest", "vision", "vision/resnet50[batch=99]",
    "[", "{", "=", "x=", "=1x2", "x=1x2:nope", "20Mbit/s,nan", "nan,nan", "host", "rpi5", "run", "bad-run", "-", "--",
    "-x", "cpu", "*", "$(true)", "suites/mine.py", "hardware.toml",
)  # fmt: skip
"""Values for options and arguments; some name what lies in the working directory."""


EVERY = list(commands(cli))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with things that are not what they seem."""
    root = tmp_path_factory.mktemp("values")
    for name in ("pipe", "pipe.py", "pipe.toml", "pipe.onnx"):
        os.mkfifo(root / name)
    (root / "bad-run").mkdir()
    (root / "bad-run" / "run.json").write_text("[]")
    for name in ("x.py", "x.onnx", "x.pt2", "x.gguf", "hardware.toml"):
        (root / name).write_text("nonsense = [\n")
    (root / "suites").mkdir()
    (root / "suites" / "mine.py").write_text("from harness import Model, Workload\n")
    return root


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In that directory, and nothing is ever measured."""

    def measured(*_args: Any, **_more: Any) -> None:
        raise UserError("it would be measured")

    monkeypatch.chdir(folder)
    monkeypatch.setenv("TIERBENCH_CACHE", str(folder / "cache"))
    for place in ("api._measuring", "link.measure", "meters.recorder.record", "asking.ask", "vendor.probe.probe"):
        monkeypatch.setattr(f"harness.{place}", measured)
    return folder


def values(parameter: click.Parameter) -> st.SearchStrategy[str]:
    choices = getattr(parameter.type, "choices", ())
    sound = [str(choice) for choice in choices]
    return st.sampled_from([*ODD, *sound]) | st.text(max_size=6)


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    path, command = draw(st.sampled_from(EVERY))
    args = list(path)
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            args += [draw(values(parameter)) for _ in range(draw(st.integers(0, 2)))]
        elif draw(st.integers(0, 3)) == 0:
            flag = getattr(parameter, "is_flag", False)
            args += [parameter.opts[-1], *([] if flag else [draw(values(parameter)) for _ in range(parameter.nargs)])]
    return [*args, "--dry-run"] if path == ("run",) else args


def end(args: list[str]) -> tuple[int, str]:
    out, err = TextIOWrapper(BytesIO(), "utf-8"), StringIO()
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(args)
        except SystemExit as leave:
            code = leave.code
    assert isinstance(code, int)
    return code, err.getvalue()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines())
def test_no_value_ends_in_a_traceback(here: Path, args: list[str]) -> None:
    with suppress(UserError):
        code, said = end(args)
        assert code in set(Exit)
        assert "Traceback" not in said
        assert max(map(len, said.splitlines()), default=0) < 3000


def test_every_verb_is_tried() -> None:
    assert {path[0] for path, _ in EVERY} == set(VERBS)


@pytest.mark.parametrize(
    "args",
    [
        ["show", "N"], ["report", "N"], ["run", "N", "--dry-run"], ["list", "suites", "-I", "N"], ["new", "suite", "N"],
        ["compare", "N", "N"], ["profile", "show", "N"], ["profile", "check", "N"], ["profile", "diff", "N", "N"],
        ["profile", "import", "N", "--source", "x"], ["check", "suite", "N"], ["fit", "N"], ["run", "--resume", "N"],
        ["report", "--theme", "N", "bad-run"], ["run", "--baseline", "N"], ["list", "runs", "--runs", "N"],
        ["run", "-p", "N", "--dry-run"], ["show", "N.onnx"], ["run", "N.py::C"], ["profile", "new", "--id", "N"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a\0b", "y/" * 3000, "\ud800"])
def test_a_name_that_nothing_can_have_is_one_line(here: Path, args: list[str], name: str) -> None:
    if args[:2] == ["profile", "new"] and name == "x" * 300:
        args = [*args, "-o", "N"]
    code, said = end([text.replace("N", name) for text in args])
    assert code in {Exit.BAD_INPUT, Exit.FAILED} if args[1] == "check" else code == Exit.BAD_INPUT
    assert len(said.splitlines()) <= 1
    assert len(said) < 1500
