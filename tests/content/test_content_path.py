"""Where suites, profiles and themes are found, and in which order."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from content_builders import PROFILE, put

from harness import content
from harness.errors import ContentError, UserError

ROOT = Path(__file__).parents[2]


def _names(path: content.SearchPath, kind: content.Kind) -> dict[str, str]:
    return {found.name: found.origin for found in path.find(kind)}


def test_what_tierbench_brings_is_found_from_anywhere(project: Path) -> None:
    path = content.search_path()
    assert {"vision", "language"} <= set(_names(path, "suites"))
    assert {"raspberry-pi-5-4gb", "raspberry-pi-zero-2w", "jetson-orin-nano-8gb"} <= set(
        _names(path, "hardware_profiles")
    )
    assert set(_names(path, "hardware_profiles").values()) == {"tierbench"}


def test_a_project_adds_its_own_without_anything_said(project: Path) -> None:
    put(project / "suites" / "mine.py")
    shutil.copy(PROFILE, put(project / "hardware_profiles" / "my-board.toml"))
    path = content.search_path()
    assert _names(path, "suites")["mine"] == "project"
    assert _names(path, "hardware_profiles")["my-board"] == "project"
    assert path.findings("suites") == []


def test_all_four_places_in_their_order(project: Path, installed: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "given", project, installed):
        put(place / "suites" / "vision.py", f"# {place}\n")
    put(project / "suites" / "ours.py", "# project\n")
    put(installed / "suites" / "ours.py", "# installed\n")
    put(installed / "suites" / "acme.py")
    path = content.search_path([tmp_path / "given"])
    found = {f.name: f for f in path.find("suites")}
    assert found["vision"].path == tmp_path / "given" / "suites" / "vision.py"
    assert found["vision"].origin == f"-I {tmp_path / 'given'}"
    assert found["ours"].origin == "project"
    assert found["acme"].origin == "package acme"
    assert found["language"].origin == "tierbench"
    said = [f.message for f in path.findings("suites")]
    assert len(said) == 4
    assert sum("suite vision" in message for message in said) == 3
    assert any("suite ours of package acme is passed over" in message for message in said)


def test_the_same_file_twice_is_said_only_where_it_differs(project: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "hardware_profiles", project / "hardware_profiles")
    path = content.search_path()
    assert path.findings("hardware_profiles") == []
    changed = project / "hardware_profiles" / PROFILE.name
    changed.write_text(changed.read_text() + "# ours\n")
    (finding,) = path.findings("hardware_profiles")
    assert finding.code == "content-shadowed"
    assert str(changed) in finding.message


def test_one_directory_reached_twice_counts_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "link").symlink_to(ROOT)
    path = content.search_path([Path(), ROOT, tmp_path / "link"])
    assert [place.path for place in path.places] == [ROOT]
    assert path.findings("suites") == []


def test_a_folder_may_be_given_by_itself(project: Path, tmp_path: Path) -> None:
    put(tmp_path / "a" / "one.py")
    put(tmp_path / "a" / "pyproject.toml", "[project]\n")
    put(tmp_path / "b" / "two" / "suite.py")
    shutil.copy(PROFILE, put(tmp_path / "b" / "board.toml"))
    put(tmp_path / "c" / "bare" / "template.html")
    path = content.search_path([tmp_path / "a", tmp_path / "b", tmp_path / "b" / "two", tmp_path / "c"])
    assert {"one", "two"} <= set(_names(path, "suites"))
    assert "board" in _names(path, "hardware_profiles")
    assert "pyproject" not in _names(path, "hardware_profiles")
    assert "bare" in _names(path, "reports")
    assert path.findings("suites") == []


def test_one_suite_folder_or_theme_may_be_given_itself(project: Path, tmp_path: Path) -> None:
    put(tmp_path / "mine" / "suite.py")
    put(tmp_path / "mine" / "layers.py")
    put(tmp_path / "plain" / "template.html")
    path = content.search_path([tmp_path / "mine", tmp_path / "plain"])
    assert _names(path, "suites")["mine"] == f"-I {tmp_path / 'mine'}"
    assert "layers" not in _names(path, "suites")
    assert "plain" in _names(path, "reports")


def test_helpers_and_hidden_files_are_no_suites(project: Path) -> None:
    for name in ("_helper.py", ".hidden.py", "__init__.py", "notes.txt", "folder/other.py", "_private/suite.py"):
        put(project / "suites" / name)
    before = set(_names(content.search_path(), "suites"))
    assert {"_helper", ".hidden", "__init__", "notes", "folder", "_private"}.isdisjoint(before)


@pytest.mark.parametrize("what", ["missing", "file.txt"])
def test_a_directory_that_is_not_there_is_said(project: Path, what: str) -> None:
    put(project / "file.txt")
    with pytest.raises(UserError, match=f"{what}: (no such directory|is a file)"):
        content.search_path([Path(what)])


def test_a_given_directory_without_content_is_said(project: Path, tmp_path: Path) -> None:
    put(tmp_path / "void" / "readme.txt")
    (finding,) = content.search_path([tmp_path / "void"]).findings("suites")
    assert (finding.level, finding.code) == ("warning", "content-empty")
    assert str(tmp_path / "void") in finding.message


def test_two_suites_of_one_name_in_one_folder_are_an_error(project: Path) -> None:
    put(project / "suites" / "twin.py")
    put(project / "suites" / "twin" / "suite.py")
    with pytest.raises(ContentError, match=r"has the same name"):
        content.search_path().find("suites")


def test_a_name_that_cannot_stand_in_an_id_is_an_error(project: Path) -> None:
    file = put(project / "suites" / "my suite.py")
    with pytest.raises(ContentError, match=r"'my suite' cannot name a suite") as caught:
        content.search_path().find("suites")
    assert caught.value.where == str(file)


def test_a_dangling_link_is_not_passed_over(project: Path) -> None:
    (project / "suites").mkdir()
    (project / "suites" / "gone.py").symlink_to("nowhere.py")
    assert "gone" in _names(content.search_path(), "suites")


def test_an_entry_point_that_leads_nowhere_is_said(project: Path, installed: Path) -> None:
    (metadata,) = installed.parent.glob("*.dist-info/entry_points.txt")
    metadata.write_text("[tierbench.content]\nacme = acme_boards_gone\n")
    (finding,) = content.search_path().findings("suites")
    assert finding.code == "content-missing"
    assert "acme_boards_gone" in finding.message


def test_a_current_directory_that_is_gone_does_no_harm(project: Path) -> None:
    project.rmdir()
    assert "vision" in _names(content.search_path(), "suites")


def test_finding_imports_nothing_heavy() -> None:
    code = (
        "import sys; from harness import content, collect, profiles; path = content.search_path();"
        "collect.discover(path), profiles.load_all(path), path.find('reports');"
        "heavy = {'torch', 'numpy', 'pandas', 'jinja2', 'jsonschema', 'tomlkit'}; print(*heavy & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stdout.strip() == ""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_place_that_cannot_be_looked_into_holds_nothing(tmp_path):
    (tmp_path / "hidden" / "suites").mkdir(parents=True)
    code = """
import os, sys
from pathlib import Path
from harness import content, plugins
os.chdir(sys.argv[1])
Path(sys.argv[1]).chmod(0o700)
os.setgroups([]); os.setgid(12345); os.setuid(12345)
sys.path.insert(0, sys.argv[1] + "/package.zip")
place = content.Place(Path(sys.argv[1]), "project")
print([list(place.folders(kind)) for kind in content.KINDS], list(content._content_of(place, "suites")))
print(plugins._installed("tierbench.content") is not None)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "hidden")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["[[], [], []] []", "True"], done.stderr
