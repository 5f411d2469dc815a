"""Compiled templates are kept beside the theme, and nothing depends on whether they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest

from harness.render import compiled

OPTIONS = {"trim_blocks": True}
BESIDE = """
import sys
from pathlib import Path
from harness.render import compiled
print(compiled.beside(Path(sys.argv[1]), "").directory)
"""


@pytest.fixture
def theme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "template.html").write_text("{{ 6 * number }}")
    return tmp_path


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that had to be compiled."""
    seen: list[str] = []
    original: Callable[..., object] = jinja2.Environment.compile

    def compile_(self: jinja2.Environment, source: str, *more: object) -> object:
        seen.append(source)
        return original(self, source, *more)

    monkeypatch.setattr(jinja2.Environment, "compile", compile_)
    return seen


def shown(theme: Path, **options: bool) -> str:
    """As a new process would, which knows no template yet."""
    kept = compiled.beside(theme, repr(options))
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(theme), bytecode_cache=kept, **options)
    return environment.get_template("template.html").render(number=7)


def files(theme: Path) -> list[Path]:
    return sorted((theme / "__pycache__").glob("jinja-*.cache"))


def test_a_template_is_compiled_once_for_all_processes(theme: Path, compilations: list[str]) -> None:
    assert [shown(theme), shown(theme)] == ["42", "42"]
    assert len(compilations) == len(files(theme)) == 1


def test_one_that_changed_or_is_wanted_otherwise_is_compiled_anew(theme: Path, compilations: list[str]) -> None:
    shown(theme)
    (theme / "template.html").write_text("{{ number }}")
    assert shown(theme) == shown(theme, **OPTIONS) == "7"
    assert len(compilations) == 3


@pytest.mark.parametrize("damage", [b"", b"nonsense", "cut"])
def test_a_damaged_file_is_none(theme: Path, compilations: list[str], damage: bytes | str) -> None:
    shown(theme)
    (file,) = files(theme)
    file.write_bytes(file.read_bytes()[:-20] if isinstance(damage, str) else damage)
    assert [shown(theme), shown(theme)] == ["42", "42"]
    assert len(compilations) == 2


def test_a_theme_that_cannot_be_written_to_is_compiled_each_time(theme: Path, compilations: list[str]) -> None:
    (theme / "__pycache__").write_text("no folder")
    assert [shown(theme), shown(theme)] == ["42", "42"]
    assert len(compilations) == 2


def test_a_disk_that_fills_up_is_no_error(
    theme: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert [shown(theme), shown(theme)] == ["42", "42"]
    assert len(compilations) == 2


def test_nothing_is_kept_where_python_keeps_nothing(theme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert shown(theme) == "42"
    assert not files(theme)


def test_another_place_for_compiled_files_is_kept_to(theme: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("prefix")
    asked = {**os.environ, "PYTHONPYCACHEPREFIX": str(elsewhere), "PYTHONDONTWRITEBYTECODE": ""}
    called = [sys.executable, "-c", BESIDE, str(theme)]
    done = subprocess.run(called, env=asked, capture_output=True, text=True, check=False)
    assert done.stdout.strip().startswith(str(elsewhere)), done.stderr
