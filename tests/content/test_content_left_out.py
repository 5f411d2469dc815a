"""Content of the working directory is left out where that is asked for; what is no content is never read for long."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.cli_commands import commands
from content_builders import put

from harness import api, collect, content, profiles
from harness.cli import cli, main
from harness.errors import ContentError, UserError

SPY = """\
from pathlib import Path

from harness import Model, Workload

Path("imported").touch()


class Spy(Workload):
    \"\"\"It tells that it was imported.\"\"\"

    name = "spy"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        return Model(lambda: sum(range(1000)))
"""


@pytest.fixture
def spied(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, bool]]:
    """Run a command in a directory with a suite: its exit code, and whether the suite was imported."""
    monkeypatch.setenv("TIERBENCH_CACHE", str(project / "cache"))
    monkeypatch.delenv(content.NO_PROJECT, raising=False)
    put(project / "suites" / "mine.py", SPY)

    def command(*args: str) -> tuple[int, bool]:
        with pytest.raises(SystemExit) as left:
            main(list(args))
        seen = (project / "imported").exists()
        (project / "imported").unlink(missing_ok=True)
        return int(left.value.code or 0), seen

    return command


COMMANDS = [
    ("list", "suites"), ("run", "--quick", "--dry-run", "mine/spy"), ("show", "mine/spy"),
    ("fit", "mine/spy", "--runtime", "x"), ("doctor", "--noise", "--workload", "mine/spy"),
    ("profile", "calibrate", "-k", "no-such-model"),
]  # fmt: skip


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_no_verb_imports_what_is_left_out(spied, monkeypatch, args) -> None:
    def measured(*_args: object) -> None:
        raise UserError("it would be measured")

    monkeypatch.setattr("harness.api._measuring", measured)
    assert spied(*args)[1]
    assert not spied(*args, "--no-project")[1]
    assert content.NO_PROJECT not in os.environ
    monkeypatch.setenv(content.NO_PROJECT, "1")
    assert not spied(*args)[1]
    monkeypatch.setenv(content.NO_PROJECT, "0")
    assert spied(*args)[1]


def test_every_verb_that_takes_include_takes_no_project() -> None:
    for path, command in commands(cli):
        options = {name for parameter in command.params for name in parameter.opts}
        assert ("--include" in options) == ("--no-project" in options), path


def test_it_is_put_back_where_the_command_itself_is_wrong(spied) -> None:
    assert spied("list", "suites", "--no-project", "--nope") == (2, False)
    assert content.NO_PROJECT not in os.environ


def test_profiles_and_themes_here_are_left_out_too(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(project / "hardware_profiles" / "broken.toml", "nonsense")
    put(project / "reports" / "default" / "template.html", "mine")
    put(tmp_path / "given" / "suites" / "other.py", SPY)
    monkeypatch.setenv(content.NO_PROJECT, "1")
    path = content.search_path([tmp_path / "given"])
    assert {place.origin for place in path.places} == {f"-I {tmp_path / 'given'}", "tierbench"}
    assert all(found.origin == "tierbench" for kind in ("hardware_profiles", "reports") for found in path.find(kind))
    assert content.search_path([project]).find("reports")[0].path == project / "reports" / "default"


def test_what_tierbench_brings_stays_in_its_own_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(content.__file__).parents[1]
    monkeypatch.chdir(root)
    monkeypatch.setenv(content.NO_PROJECT, "1")
    assert {"vision", "language"} <= {found.name for found in content.search_path().find("suites")}
    assert not content.left_out(root / "suites" / "vision" / "suite.py")


@pytest.mark.slow
def test_a_run_of_what_is_left_out_is_not_resumed(spied, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spied("run", "mine", "--quick", "--no-report", "--out", "run")[0] == 0
    monkeypatch.setenv(content.NO_PROJECT, "1")
    with pytest.raises(UserError, match=r"mine.py: is content of the working directory, which is left out"):
        api.resume(project / "run")
    monkeypatch.delenv(content.NO_PROJECT)
    assert api.resume(project / "run").complete


def test_a_directory_of_very_much_is_none_of_content(project: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(content, "MOST_ENTRIES", 20)
    large = tmp_path / "large"
    large.mkdir()
    for number in range(20):
        (large / f"{number}.txt").touch()
    assert content.search_path([large]).notices[0].code == "content-empty"
    (large / "one-more.txt").touch()
    with pytest.raises(ContentError, match=r"large: has more than 20 entries \(give a folder of suites"):
        content.search_path([large])


def test_what_is_deeper_is_not_looked_for(project: Path, tmp_path: Path) -> None:
    put(tmp_path / "deep" / "a" / "b" / "suite.py", SPY)
    assert [f.code for f in content.search_path([tmp_path / "deep"]).notices] == ["content-empty"]


def test_a_pipe_is_no_content(project: Path) -> None:
    loads = {"suites/pipe.py": collect.load_all, "hardware_profiles/pipe.toml": profiles.load_all}
    for name, load in loads.items():
        put(project / name).unlink()
        os.mkfifo(project / name)
        with pytest.raises(UserError, match="is not a file but a pipe"):
            load(content.search_path())


def test_a_suite_larger_than_code_is_refused(project: Path) -> None:
    file = put(project / "suites" / "large.py")
    with file.open("wb") as stream:
        stream.truncate(1 << 34)
    with pytest.raises(ContentError, match=r"large\.py: has more than 16 MiB"):
        collect.load_all(content.search_path())


def test_a_suite_with_a_byte_order_mark_is_read_and_one_in_utf_16_is_named(project: Path) -> None:
    file = put(project / "suites" / "mine.py")
    file.write_text(SPY, encoding="utf-8-sig")
    assert "mine" in {suite.name for suite in collect.load_all(content.search_path())}
    for encoding in ("utf-16", "utf-16-le"):
        file.write_text(SPY, encoding=encoding)
        with pytest.raises(ContentError, match=r"mine\.py:1: the file is UTF-16 text \(save it as UTF-8\)"):
            collect.load_all(content.search_path())
