"""tierbench from Python, as in a notebook."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

import harness
from harness import api, plan
from harness.errors import UnknownName, UserError

SUITE = """
from harness import Model, Workload


class Nap(Workload):
    name = "nap"
    runtimes = ("python",)
    parameters = {"ms": (1, 2)}
    quick = {"ms": 1}

    def build(self, place, ms):
        import time

        return Model(lambda: time.sleep(ms / 1000))
"""


@pytest.fixture(scope="module")
def handle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    (folder / "suites").mkdir()
    (folder / "suites" / "light.py").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERBENCH_CACHE", str(folder / "cache"))
        yield harness.run("light", profiles=("host", "rpi5"), quick=True, include=(folder,), out=folder / "run")


def test_a_run_is_complete_and_knows_where_it_lies(handle):
    assert handle.complete
    assert not handle.failed
    assert handle.path.name == "run"
    assert "of 3 trials" in repr(handle)


def test_the_frame_is_tidy(handle):
    frame = handle.frame()
    assert {"case", "metric", "unit", "value", "low", "high", "provenance", "outcome"} <= set(frame.columns)
    latency = frame[(frame.metric == "latency") & (frame.tier == "host:cpu")].iloc[0]
    assert latency.unit == "s"
    assert 0.001 < latency.value < 1
    assert latency.provenance == "measured"
    board = frame[(frame.metric == "latency") & (frame.tier != "host:cpu")].iloc[0]
    assert board.value != board.value, "a board has no time of its own before it is projected"
    assert board.note


def test_a_stored_run_loads_to_the_same(handle):
    assert harness.load(handle.path).data == handle.data


def test_the_report_is_one_file(handle, tmp_path):
    page = handle.report(tmp_path / "page.html")
    assert page.read_text().startswith("<!doctype html>")


def test_what_dead_runs_left_is_cleared_away_only_by_a_run_that_can_begin(handle, monkeypatch, tmp_path):
    swept = []
    monkeypatch.setattr(api.limits, "sweep", lambda: swept.append("a group") or ["removed a group of a dead run"])
    with pytest.raises(UnknownName, match="lihgt"):
        harness.run("lihgt")
    with pytest.raises(UserError, match="holds no run"):
        api.resume(tmp_path / "nowhere")
    assert not swept
    api.resume(handle.path)
    assert len(swept) == 1


def test_a_baseline_is_a_run_or_where_one_lies(handle, tmp_path):
    seen = handle.view(baseline=handle)
    assert seen.changed.run_id == handle.data.manifest.run_id
    assert seen == handle.view(baseline=str(handle.path))
    assert handle.view().changed is None
    page = handle.report(tmp_path / "page.html", baseline=handle.path)
    assert '<h2 id="h-changed">' in page.read_text()


def test_what_a_caller_can_mend_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        harness.load(tmp_path)
    with pytest.raises(UnknownName, match="did you mean rpi5"):
        harness.run("vision", profiles=("rpi6",), out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_how_long_and_how_precisely_is_as_on_the_command_line(monkeypatch):
    asked = []
    monkeypatch.setattr(api, "execute", lambda _selection, settings, *_, **__: asked.append(settings))
    harness.run("light", quick=True)
    harness.run("light", quick=True, budget=0.5, precision=0.1, timeout=30, seed=7)
    plain, given = asked
    assert plain == plan.QUICK
    assert (given.timing.budget_seconds, given.timing.precision, given.seed) == (0.5, 0.1, 7)
    assert (given.timeout_seconds, given.ceiling_timeout_seconds) == (30, 30)
    assert replace(given.timing, budget_seconds=3.0, precision=plain.timing.precision) == plain.timing


def test_public_names_are_lazy_and_complete():
    for name in harness.__all__:
        assert getattr(harness, name) is not None
    with pytest.raises(AttributeError):
        harness.nothing_like_it  # noqa: B018
