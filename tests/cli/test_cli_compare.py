"""``tierbench compare`` on real runs: equal code, a planted slowdown, planted memory, a case that stops to fit."""

from __future__ import annotations

import json

import pytest

from harness.errors import Exit

SUITE = '''"""Workloads whose cost is set from outside, as another version of their code would set it."""

import os

from harness import Model, Workload

MS = float(os.environ.get("NAP_MS", "4"))
MIB = int(os.environ.get("HELD_MIB", "20"))


class Varying(Workload):
    """Sleeps, and holds memory."""

    name = "varying"
    runtimes = ("python",)

    def build(self, place):
        import time

        held = bytearray(b"x") * (MIB << 20)
        return Model(lambda: time.sleep(MS / 1000) or len(held))
'''
TIMING = ("-p", "host", "--processes", 4, "--budget", 0.1, "--no-report")


@pytest.fixture
def measured(tierbench, light, tmp_path):
    (light / "suites" / "varying.py").write_text(SUITE)

    def run(name: str, *args: object, **env: str) -> str:
        path = tmp_path / name
        done = tierbench("run", "varying", "-I", light, *(args or TIMING), "--out", path, env=env)
        assert done.returncode == Exit.OK, done.stderr
        return str(path)

    return run


def test_equal_code_shows_no_change(tierbench, measured):
    done = tierbench("compare", measured("a"), measured("b"))
    assert done.returncode == Exit.OK, done.stdout
    assert "slower" not in done.stdout


def test_a_planted_slowdown_and_planted_memory_are_regressions_with_their_interval(tierbench, measured):
    before, after = measured("a"), measured("b", NAP_MS="8", HELD_MIB="60")
    done = tierbench("compare", before, after)
    assert done.returncode == Exit.REGRESSION
    assert "latency: slower" in done.stdout
    assert "needs more memory" in done.stdout
    rows = {r["metric"]: r for r in json.loads(tierbench("compare", before, after, "--json").stdout)["rows"]}
    assert rows["latency"]["low"] < 2 * 1.1
    assert rows["latency"]["high"] > 1.6
    assert rows["fit"]["verdict"] == "no_change"
    back = tierbench("compare", after, before)
    assert back.returncode == Exit.OK
    assert "faster" in back.stdout


def test_a_case_that_stops_to_fit_is_a_regression(tierbench, measured):
    board = ("-p", "pizero2", "--processes", 1, "--no-report")
    done = tierbench("compare", measured("a", *board), measured("b", *board, HELD_MIB="400"))
    assert done.returncode == Exit.REGRESSION
    assert "ran before, does not fit now" in done.stdout


def test_runs_of_different_machines_are_refused_unless_insisted_on(tierbench, measured, tmp_path):
    a, b = measured("a"), measured("b")
    manifest = tmp_path / "b" / "run.json"
    head = json.loads(manifest.read_text())
    head["environment"]["fingerprint"] = "other"
    head["environment"]["cpu"] = "Another CPU"
    manifest.write_text(json.dumps(head))
    done = tierbench("compare", a, b)
    assert done.returncode == Exit.BAD_INPUT
    assert "different machines: processor" in done.stdout
    assert "--insist" in done.stdout
    assert tierbench("compare", a, b, "--insist").returncode == Exit.OK


def test_the_noise_floor_of_this_machine_is_measured_kept_and_used(tierbench, measured, light):
    (light / "suites" / "varying.py").write_text(SUITE.replace("runtimes =", "quick = {}\n    runtimes ="))
    asked = ("doctor", "--noise", "--workload", "varying", "--processes", 6, "-I", light, "--json")
    floors = {f["metric"]: f["fraction"] for f in json.loads(tierbench(*asked).stdout)["floors"]}
    assert set(floors) == {"latency", "tree_peak"}
    assert 0 <= floors["latency"] < 1
    rows = json.loads(tierbench("compare", measured("a"), measured("b"), "--json").stdout)["rows"]
    threshold = next(r["threshold"] for r in rows if r["metric"] == "latency")
    assert threshold == pytest.approx(max(0.05, floors["latency"]))
