"""Entry points of other packages, found by the parent and read by its children."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from zipfile import ZipFile

import pytest

from harness import meters, plugins
from harness.executors.local import LocalExecutor

GROUP = "pytest11"
"""One that is never empty where these tests run."""
HERE = {**os.environ, "PYTHONPATH": str(Path(plugins.__file__).parent.parent)}


@pytest.fixture(autouse=True)
def no_parent(monkeypatch):
    monkeypatch.delenv(plugins.HANDED, raising=False)


def test_what_is_installed_is_found_by_name_with_its_version():
    found = plugins.entries(GROUP)
    assert [e.name for e in found] == sorted(e.name for e in entry_points(group=GROUP))
    assert all(e.version for e in found)


def test_it_loads_what_the_entry_point_loads():
    ours = {e.name: e.load() for e in plugins.entries(GROUP) if e.name == "xdist"}
    theirs = {e.name: e.load() for e in entry_points(group=GROUP) if e.name == "xdist"}
    assert ours == theirs != {}


def test_an_attribute_of_an_attribute_is_loaded_and_a_missing_one_raises():
    assert plugins.Entry("a", "json:JSONDecoder.decode", "1").load() is json.JSONDecoder.decode
    with pytest.raises(AttributeError):
        plugins.Entry("a", "json:nothing", "1").load()


def test_a_child_is_told_and_does_not_look(monkeypatch, tmp_path):
    told = {plugins.METERS: [{"name": "told", "value": "made:Up", "version": "3"}], plugins.RUNTIMES: []}
    monkeypatch.setenv(plugins.HANDED, json.dumps(told))
    assert plugins.entries(plugins.METERS) == (plugins.Entry("told", "made:Up", "3"),)
    assert "told" in meters.known()
    assert json.loads(plugins.handed()) == told
    assert json.loads(LocalExecutor(tmp_path).handed) == told


def test_of_a_group_that_was_not_handed_on_what_is_installed_is_found(monkeypatch):
    monkeypatch.setenv(plugins.HANDED, "{}")
    assert plugins.entries(GROUP)


METADATA = "Metadata-Version: 2.1\nName: later\nVersion: 2\n"
POINTS = "[tierbench.later]\nlate = later:Late\n"


def test_in_an_archive_and_in_an_egg_it_is_found_too(monkeypatch, tmp_path):
    with ZipFile(tmp_path / "later.whl", "w") as archive:
        archive.writestr("later-2.dist-info/METADATA", METADATA)
        archive.writestr("later-2.dist-info/entry_points.txt", POINTS)
    egg = tmp_path / "later.egg" / "EGG-INFO"
    egg.mkdir(parents=True)
    (egg / "PKG-INFO").write_text(METADATA)
    (egg / "entry_points.txt").write_text(POINTS)
    for place in (tmp_path / "later.whl", tmp_path / "later.egg"):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "path", [str(place)])
            assert plugins.entries("tierbench.later") == (plugins.Entry("late", "later:Late", "2"),)


def test_folders_that_cannot_be_read_hold_none(monkeypatch, tmp_path):
    (tmp_path / "half-1.dist-info").mkdir()
    (tmp_path / "a.egg-info").write_text("a file, as old ones are")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "gone"), str(tmp_path / "a.egg-info")])
    assert plugins.entries("tierbench.later") == ()


def test_looking_for_what_nobody_offers_does_not_import_what_reads_it():
    code = "import sys; from harness import plugins; print(plugins.entries('tierbench.later'), *sys.modules)"
    said = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env=HERE)
    assert said.stdout.startswith("() ")
    assert "importlib.metadata" not in said.stdout.split()


def test_a_package_that_is_installed_meanwhile_is_found(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    assert plugins.entries("tierbench.later") == ()
    package = tmp_path / "later-2.dist-info"
    package.mkdir()
    (package / "METADATA").write_text(METADATA)
    (package / "entry_points.txt").write_text(POINTS)
    assert plugins.entries("tierbench.later") == (plugins.Entry("late", "later:Late", "2"),)
