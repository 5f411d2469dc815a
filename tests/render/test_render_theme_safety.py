"""A theme is somebody else's: it runs no code, and what is wrong in it is one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sample_runs import Work, make_run

from harness import content, results
from harness.errors import ContentError
from harness.render import compiled, html
from harness.view import build

VIEW = build(make_run([Work("w")], []))


def theme(folder: Path, template: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "template.html").write_text(template)
    (folder / "style.css").write_text("")
    return folder


@pytest.mark.parametrize(
    "expression",
    [
        "cycler.__init__.__globals__.os.popen('touch EXECUTED').read()",
        "view.__class__.__mro__[1].__subclasses__()",
        "''.__class__.__base__.__subclasses__()",
        "'{0.__class__.__init__.__globals__}'.format(view)",
        "lipsum.__globals__['os'].system('touch EXECUTED')",
        "namespace.__init__.__globals__",
    ],
)
def test_a_template_reaches_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expression: str):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ContentError, match=r"unsafe|undefined"):
        html.render(VIEW, theme(tmp_path / "reports" / "t", f"{{{{ {expression} }}}}"))
    assert not (tmp_path / "EXECUTED").exists()


@pytest.mark.parametrize(
    "fault",
    [
        "{{ 1 / 0 }}",
        "{{ view.headline + 1 }}",
        "{{ 'a' | g }}",
        "{{ range(10 ** 9) | list }}",
        "{{ [][3] }}",
        "{{ view.no_such }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'other.html' %}",
        "{{ none() }}",
        "{{ 'x' | tojson(indent='y') | int(base=99) }}{{ {}['k'].z }}",
    ],
)
def test_whatever_is_wrong_in_a_template_is_named_with_its_place(tmp_path: Path, fault: str):
    with pytest.raises(ContentError) as caught:
        html.render(VIEW, theme(tmp_path / "t", f"\n{fault}"))
    assert str(tmp_path / "t") in caught.value.where


def test_no_compiled_form_is_read_beside_a_theme_of_somebody_else(tmp_path: Path):
    folder = theme(tmp_path / "t", "plain")
    kept = compiled.beside(folder, html._COMPILED_WITH)
    html.render(VIEW, folder)
    assert kept is None or list(Path(kept.directory).iterdir()) == []


def test_a_theme_that_takes_the_place_of_the_built_in_one_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert results.theme_in_place_of_built_in("default") == ""
    theme(tmp_path / "reports" / "default", "mine")
    said = results.theme_in_place_of_built_in("default")
    assert str(tmp_path / "reports" / "default") in said
    assert "in place of the built-in one" in said


def test_the_same_theme_by_another_way_is_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").symlink_to(content.bundled() / "reports")
    assert results.theme_in_place_of_built_in("default") == ""


def test_a_copy_of_the_built_in_theme_renders_the_same_page(tmp_path: Path):
    built_in = content.bundled() / "reports" / "default"
    copy = tmp_path / "copy"
    shutil.copytree(built_in, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert html.render(VIEW, copy) == html.render(VIEW, built_in)
