"""Entry points of other packages, found by the parent and read by its children."""

from __future__ import annotations

import json
from importlib.metadata import entry_points

import pytest

from harness import meters, plugins
from harness.executors.local import LocalExecutor

GROUP = "pytest11"
"""One that is never empty where these tests run."""


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


def test_a_package_that_is_installed_meanwhile_is_found(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    assert plugins.entries("tierbench.later") == ()
    package = tmp_path / "later-2.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: later\nVersion: 2\n")
    (package / "entry_points.txt").write_text("[tierbench.later]\nlate = later:Late\n")
    assert plugins.entries("tierbench.later") == (plugins.Entry("late", "later:Late", "2"),)
