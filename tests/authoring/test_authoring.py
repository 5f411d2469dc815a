"""A suite to start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import authoring, collect, content
from harness.errors import UnknownName, UserError


def test_the_template_is_a_suite_that_is_sound_as_it_stands(tmp_path: Path) -> None:
    folder = authoring.write_suite("bell", tmp_path)
    assert folder == tmp_path / "suites" / "bell"
    kinds, faults = collect.examine(authoring.suite_file(str(folder)))
    assert [kind.name for kind in kinds] == ["classifier"]
    assert faults == []
    assert "# bell" in (folder / "README.md").read_text()


def test_it_passes_the_check_in_a_child(tmp_path: Path) -> None:
    file = authoring.suite_file(str(authoring.write_suite("bell", tmp_path) / "suite.py"))
    answer = authoring.check_suite(file, tmp_path / "cache")
    assert answer.faults == ()
    assert answer.tried == ("classifier",)


@pytest.mark.parametrize("taken", ["suites/bell/suite.py", "suites/bell.py"])
def test_nothing_is_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).parent.mkdir(parents=True)
    (tmp_path / taken).write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        authoring.write_suite("bell", tmp_path)
    assert (tmp_path / taken).read_text() == "mine"


@pytest.mark.parametrize("name", ["", "Bell", "../bell", "a b", "-x", "_x"])
def test_a_name_that_no_suite_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot name a suite"):
        authoring.write_suite(name, tmp_path)


def test_suites_are_named_by_name_file_or_folder(tmp_path: Path) -> None:
    folder = authoring.write_suite("bell", tmp_path)
    by_name = authoring.suite_file("bell", (tmp_path,))
    assert by_name.path == authoring.suite_file(f"{folder}/").path == authoring.suite_file(f"{folder}/suite.py").path
    assert content.search_path((tmp_path,)).find("suites")
    with pytest.raises(UserError, match="no such file"):
        authoring.suite_file(str(tmp_path / "none.py"))
    with pytest.raises(UnknownName, match="did you mean bell"):
        authoring.suite_file("bel", (tmp_path,))
