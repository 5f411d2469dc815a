"""``tierbench compare`` on real runs: equal code, a planted slowdown, planted memory, a case that stops to fit."""

from __future__ import annotations

import json
import shutil

import pytest

from harness.errors import Exit

pytestmark = pytest.mark.slow

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
SHORT = ("-p", "host", "--processes", 4, "--budget", 0.1)
TIMING = (*SHORT, "--no-report")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Runs that several tests start from: made once, then copied."""
    return tmp_path_factory.mktemp("kept"), {}


@pytest.fixture
def measured(tierbench, light, tmp_path, kept):
    (light / "suites" / "varying.py").write_text(SUITE)
    folder, made = kept

    def run(name: str, *args: object, **env: str) -> str:
        key = (name, *args, *sorted(env.items()))
        if key not in made:
            made[key] = folder / str(len(made))
            done = tierbench("run", "varying", "-I", light, *(args or TIMING), "--out", made[key], env=env)
            assert done.returncode == Exit.OK, done.stderr
        return str(shutil.copytree(made[key], tmp_path / name, dirs_exist_ok=True))

    return run


@pytest.fixture
def against_baseline(tierbench, measured, light, tmp_path, kept):
    """Runs measured with ``a`` for a baseline, each made once: what it said, and a copy of it."""
    folder, made = kept

    def run(name: str, *more: object, **env: str):
        if name not in made:
            asked = ("run", "varying", "-I", light, *SHORT, "--baseline", measured("a"), *more)
            made[name] = tierbench(*asked, "--out", folder / name, env=env)
        return made[name], shutil.copytree(folder / name, tmp_path / name)

    return run


@pytest.fixture
def slower(against_baseline):
    """One that takes longer and holds more."""
    return against_baseline("slower", NAP_MS="8", HELD_MIB="60")


@pytest.fixture
def same(against_baseline):
    """One of equal code, that says so in JSON."""
    return against_baseline("same", "--json")


@pytest.mark.alone
def test_equal_code_shows_no_change(tierbench, measured, same):
    done = tierbench("compare", measured("a"), same[1])
    assert done.returncode == Exit.OK, done.stdout
    assert "slower" not in done.stdout


@pytest.mark.alone
def test_a_planted_slowdown_and_planted_memory_are_regressions_with_their_interval(tierbench, measured, slower):
    before, after = measured("a"), slower[1]
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


def test_one_process_on_a_side_says_why_nothing_can_be_said(tierbench, measured):
    once = ("-p", "host", "--processes", 1, "--budget", 0.05, "--no-report")
    done = tierbench("compare", measured("a", *once), measured("b", *once))
    assert done.returncode == Exit.OK
    assert "3 inconclusive: one process on a side says nothing of how processes differ" in done.stdout


def test_compare_writes_the_candidates_page_and_says_where(tierbench, measured, tmp_path):
    before, after = measured("a"), measured("b", NAP_MS="8")
    done = tierbench("compare", before, after, "--report")
    assert done.returncode == Exit.REGRESSION
    assert f"report  {tmp_path / 'b' / 'report.html'}" in done.stdout
    page = (tmp_path / "b" / "report.html").read_text()
    assert "<h1>The only workload got slower. The only workload ran on this machine.</h1>" in page
    assert f"against run {json.loads((tmp_path / 'a' / 'run.json').read_text())['run_id']}" in page
    there = tmp_path / "there.html"
    scripted = tierbench("compare", before, after, "--json", "--report", there)
    assert json.loads(scripted.stdout)["rows"]
    assert str(there) in scripted.stderr
    assert there.read_text() == page


def test_report_takes_a_baseline_in_every_format(tierbench, measured, tmp_path):
    before, after = measured("a"), measured("b", NAP_MS="8")
    done = tierbench("report", after, "--baseline", before, "-o", tmp_path / "page.html")
    assert done.returncode == Exit.OK, "to render is no judgement"
    assert 'class="forest' in (tmp_path / "page.html").read_text()
    text = {kind: tierbench("report", after, "--baseline", before, "-f", kind).stdout for kind in ("markdown", "junit")}
    assert "### What changed since run" in text["markdown"]
    assert 'type="regressed"' in text["junit"]
    view = json.loads(tierbench("report", after, "--baseline", before, "-f", "json").stdout)
    assert view["changed"]["forests"][0]["groups"][0]["rows"][0]["words"] == "slower"
    assert json.loads(tierbench("report", after, "-f", "json").stdout)["changed"] is None


@pytest.mark.alone
def test_a_run_with_a_baseline_ends_with_3_where_something_got_worse(against_baseline, same):
    done, path = against_baseline("longer", NAP_MS="8")
    assert done.returncode == Exit.REGRESSION, done.stderr
    assert "varying on Host CPU, latency: +" in done.stdout
    assert "What changed" in (path / "report.html").read_text()
    again, _ = same
    assert again.returncode == Exit.OK, again.stdout
    said = json.loads(again.stdout)
    assert (said["baseline"][:4].isdigit(), said["regressed"]) == (True, [])


def test_a_baseline_that_cannot_be_compared_with_is_refused_before_anything_runs(tierbench, measured, light, tmp_path):
    before = measured("a")
    manifest = tmp_path / "a" / "run.json"
    head = json.loads(manifest.read_text())
    head["environment"]["fingerprint"] = "other"
    manifest.write_text(json.dumps(head))
    asked = ("run", "varying", "-I", light, "-p", "host", "--processes", 2, "--budget", 0.05, "--baseline", before)
    done = tierbench(*asked, "--out", tmp_path / "b")
    assert done.returncode == Exit.BAD_INPUT
    assert "different machines" in done.stderr
    assert "--insist" in done.stderr
    assert not (tmp_path / "b").exists()
    assert tierbench(*asked, "--out", tmp_path / "b", "--insist").returncode == Exit.OK
    missing = tierbench("run", "varying", "-I", light, "--baseline", "nowhere", "--out", tmp_path / "c")
    assert (missing.returncode, missing.stderr.count("\n")) == (Exit.BAD_INPUT, 1)


def test_a_run_that_has_nothing_in_common_with_its_baseline_does_not_pass(tierbench, measured, light, tmp_path):
    before = measured("a")
    asked = ("run", "light", "-k", "ms=1", "-I", light, "--processes", 1, "--budget", 0.05, "--baseline", before)
    done = tierbench(*asked, "--out", tmp_path / "b")
    assert done.returncode == Exit.FAILED
    assert "nothing could be compared with run" in done.stderr


@pytest.mark.parametrize("verb", ["run", "report"])
def test_to_insist_without_a_baseline_is_refused(verb, tierbench):
    done = tierbench(verb, "--insist")
    assert (done.returncode, done.stderr.count("\n")) == (Exit.BAD_INPUT, 1)
    assert "--baseline" in done.stderr


def test_a_run_is_not_its_own_baseline(tierbench, measured):
    run = measured("a")
    done = tierbench("run", "--resume", run, "--baseline", run)
    assert done.returncode == Exit.BAD_INPUT
    assert "the baseline is the run itself" in done.stderr


@pytest.mark.alone
def test_runs_of_different_machines_are_refused_unless_insisted_on(tierbench, measured, same):
    a, b = measured("a"), same[1]
    manifest = b / "run.json"
    head = json.loads(manifest.read_text())
    head["environment"]["fingerprint"] = "other"
    head["environment"]["cpu"] = "Another CPU"
    manifest.write_text(json.dumps(head))
    done = tierbench("compare", a, b)
    assert done.returncode == Exit.BAD_INPUT
    assert "different machines: processor" in done.stdout
    assert "--insist" in done.stdout
    assert tierbench("compare", a, b, "--insist").returncode == Exit.OK


@pytest.mark.alone
def test_the_noise_floor_of_this_machine_is_measured_kept_and_used(tierbench, measured, same, light):
    (light / "suites" / "varying.py").write_text(SUITE.replace("runtimes =", "quick = {}\n    runtimes ="))
    asked = ("doctor", "--noise", "--workload", "varying", "--processes", 6, "-I", light, "--json")
    floors = {f["metric"]: f["fraction"] for f in json.loads(tierbench(*asked).stdout)["floors"]}
    assert set(floors) == {"latency", "throughput", "tree_peak"}
    assert 0 <= floors["latency"] < 1
    rows = json.loads(tierbench("compare", measured("a"), same[1], "--json").stdout)["rows"]
    threshold = next(r["threshold"] for r in rows if r["metric"] == "latency")
    assert threshold == pytest.approx(max(0.05, floors["latency"]))
