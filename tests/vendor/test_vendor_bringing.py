"""Models converted on one machine and run on another that cannot convert."""

from __future__ import annotations

import pytest

from harness import runtimes
from harness.errors import UserError
from harness.runtimes import brought
from harness.vendor import bringing
from harness.vendor.calibrate import Asked


def test_the_note_says_who_converted(tmp_path):
    assert brought.versions(tmp_path) is None
    brought.write(tmp_path, {"torch": "2.13.0", "openvino": None})
    assert brought.versions(tmp_path) == {"torch": "2.13.0", "openvino": None}
    (tmp_path / brought.NOTE).write_text("not json")
    assert brought.versions(tmp_path) is None


def test_a_runtime_needs_only_what_runs_where_models_were_brought(tmp_path, monkeypatch):
    pytest.importorskip("ncnn", reason="the extra ncnn is not installed")
    monkeypatch.setitem(__import__("sys").modules, "pnnx", None)
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path))
    assert "not installed: pnnx" in runtimes.get("ncnn").unavailable("cpu", "float32")
    brought.write(tmp_path, {"pnnx": "1"})
    assert runtimes.get("ncnn").unavailable("cpu", "float32") is None


def test_a_folder_that_was_not_prepared_is_refused_and_the_cache_is_put_back(tmp_path, monkeypatch):
    monkeypatch.setenv("TIERBENCH_CACHE", "before")
    with pytest.raises(UserError, match="no folder of converted models"), bringing.cache(tmp_path):
        pass
    brought.write(tmp_path, {"torch": "2.13.0"})
    with bringing.cache(tmp_path):
        assert brought.here()
    assert __import__("os").environ["TIERBENCH_CACHE"] == "before"


def test_nothing_is_converted_into_a_folder_that_holds_something(tmp_path):
    (tmp_path / "mine").write_text("")
    with pytest.raises(UserError, match="the folder is not empty"):
        bringing.prepare(tmp_path, Asked(), lambda _event: None, None)
