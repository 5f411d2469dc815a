"""``tierbench run`` for real: real children, records, report, exit codes."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import store
from harness.errors import Exit
from harness.model.outcome import DoesNotFit, Failed, Ok

pytestmark = pytest.mark.slow

RUN = ("--processes", 1, "--budget", 0.05, "--no-report")


def workload(body: str, name: str = "it", **attributes: object) -> str:
    lines = [f"    {k} = {v!r}" for k, v in {"name": name, "runtimes": ("python",), **attributes}.items()]
    head = "from harness import Model, Workload\n\n\nclass It(Workload):\n" + "\n".join(lines)
    return head + "\n\n" + "\n".join("    " + line for line in body.splitlines()) + "\n"


def outcomes(path: Path) -> dict[str, object]:
    return {f"{r.trial.role} {r.trial.case.workload.name}": r.outcome for r in store.read(path).records}


@pytest.fixture(scope="module")
def kept(tierbench_once, naps, tmp_path_factory):
    """What a run that is made once said, and where it lies."""
    path = tmp_path_factory.mktemp("kept") / "run"
    asked = ("run", "light", "-k", "ms=1", "-I", naps, "-p", "host", "-p", "rpi5", *RUN, "--json")
    return tierbench_once(*asked, "--out", path), path


@pytest.fixture
def run(kept, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(kept[1], tmp_path / "runs" / "one"))


def test_a_run_leaves_records_a_report_and_says_where(tierbench, light, tmp_path):
    done = tierbench("run", "light", "-I", light, "-p", "host", "-p", "rpi5", "--quick", "--out", tmp_path / "run")
    assert done.returncode == Exit.OK, done.stderr
    assert f"report  {tmp_path / 'run' / 'report.html'}" in done.stdout
    assert "rpi5 is raspberry-pi-5-4gb" in done.stderr
    run = store.read(tmp_path / "run")
    assert run.complete
    assert {r.trial.role for r in run.records} == {"need", "timing", "ceiling"}


def test_progress_is_quiet_and_plain_without_a_terminal(tierbench, light, tmp_path):
    asked = ("run", "light", "-k", "ms=1", "-I", light, *RUN, "--out", tmp_path / "run")
    done = tierbench(*asked, env={"TIERBENCH_CACHE": str(tmp_path / "cache")})
    assert "\x1b" not in done.stderr + done.stdout
    said = [line for line in done.stderr.splitlines() if " of a dead run" not in line]  # one that was killed beside us
    assert len(said) == 3


def test_slowing_down_says_on_the_terminal_how_it_went(tierbench, light, tmp_path):
    options = ("-p", "rpi5", "--slow-down", *RUN, "--out", tmp_path / "run")
    done = tierbench("run", "light", "-k", "ms=1", "-I", light, *options)
    assert done.returncode == Exit.OK, done.stderr
    assert "paced" in done.stderr
    assert "slowed down: " in done.stdout


def test_json_for_scripts(kept):
    done, path = kept
    said = json.loads(done.stdout)
    assert said["complete"] is True
    assert said["failed"] is False
    assert Path(said["path"]) == path


def test_a_workload_that_raises_is_one_line_and_the_others_go_on(tierbench, light, tmp_path):
    body = "def build(self, place):\n    raise ValueError('no such layer')"
    (light / "suites" / "broken.py").write_text(workload(body))
    body = "def build(self, place):\n    def fail():\n        raise RuntimeError('half way')\n    return Model(fail)"
    (light / "suites" / "raising.py").write_text(workload(body, "late"))
    names = ("light/nap", "broken", "raising")
    done = tierbench(
        "run", *names, "-k", "ms=1", "-k", "it", "-k", "late", "-I", light, *RUN, "--out", tmp_path / "run"
    )
    assert done.returncode == Exit.FAILED
    assert "Traceback" not in done.stdout + done.stderr
    found = outcomes(tmp_path / "run")
    assert found["timing nap"] == Ok()
    assert isinstance(found["timing it"], Failed)
    assert found["timing it"].error == "ValueError: no such layer"
    assert found["need late"].error == "RuntimeError: half way"


def test_a_workload_that_prints_garbage_everywhere_is_measured_all_the_same(tierbench, light, tmp_path):
    body = (
        "def build(self, place):\n"
        "    import os, sys\n"
        "    def shout():\n"
        '        os.write(1, b\'\\xff\\x00{"type":"ended"}\\n\' * 9)\n'
        "        print('hello', file=sys.stderr)\n"
        "    return Model(shout)"
    )
    (light / "suites" / "loud.py").write_text(workload(body))
    done = tierbench("run", "loud", "-I", light, *RUN, "--out", tmp_path / "run")
    assert done.returncode == Exit.OK
    assert "hello" not in done.stdout
    assert set(outcomes(tmp_path / "run").values()) == {Ok()}


def test_a_workload_that_leaves_the_process_is_failed(tierbench, light, tmp_path):
    body = "def build(self, place):\n    import os\n    os._exit(3)"
    (light / "suites" / "leaving.py").write_text(workload(body))
    tierbench("run", "leaving", "-I", light, *RUN, "--out", tmp_path / "run")
    found = outcomes(tmp_path / "run")
    assert all("ended with exit code 3" in o.error for o in found.values())


def test_an_output_that_is_not_finite_is_a_failure(tierbench, light, tmp_path):
    (light / "suites" / "wild.py").write_text(
        workload("def build(self, place):\n    return Model(lambda: float('nan'))")
    )
    tierbench("run", "wild", "-I", light, *RUN, "--out", tmp_path / "run")
    assert "not finite" in outcomes(tmp_path / "run")["timing it"].error


def test_running_out_of_memory_is_an_answer_and_not_a_failure(tierbench, light, tmp_path):
    body = "def build(self, place):\n    held = bytearray(b'x') * (600 << 20)\n    return Model(lambda: len(held))"
    (light / "suites" / "heavy.py").write_text(workload(body))
    done = tierbench("run", "heavy", "-p", "pizero2", "-I", light, *RUN, "--out", tmp_path / "run")
    assert done.returncode == Exit.OK
    outcome = outcomes(tmp_path / "run")["ceiling it"]
    assert isinstance(outcome, DoesNotFit)
    assert outcome.limit_bytes < 512 << 20


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("run", "lihgt"), "no suite or workload is called 'lihgt' (did you mean light"),
        (("run", "light", "-p", "rpi6"), "did you mean rpi5"),
        (("run", "light", "--runtime", "torch"), "or torch-eager or torch-compile?"),
        (("run", "light", "-k", "nothing-like-it"), "no workload matches"),
        (("run", "light", "--means", "cgroup9"), "no means of enforcement is called 'cgroup9'"),
        (("runn",), "no command is called 'runn' (did you mean run?)"),
        (("run", "--budget", "soon"), "'soon' is not a valid float"),
        (("run", "light", "-I", "nowhere"), "no such directory"),
        (("run", "--resume", "nowhere"), "holds no run"),
        (("report", "nowhere"), "no run is called 'nowhere'"),
    ],
)
def test_bad_input_is_one_line_with_a_way_out(tierbench, light, args, words):
    extra = ("-I", light) if args[0] == "run" and "-I" not in args and "--resume" not in args else ()
    done = tierbench(*args, *extra)
    assert done.returncode == Exit.BAD_INPUT
    assert words in done.stderr
    assert done.stderr.strip().count("\n") == 0


def test_a_suite_that_raises_at_import_is_named_with_its_line(tierbench, light):
    (light / "suites" / "bad.py").write_text("import os\n\nraise RuntimeError('not today')\n")
    done = tierbench("run", "light", "-I", light)
    assert done.returncode == Exit.BAD_INPUT
    assert "bad.py:3" in done.stderr
    assert "not today" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_malformed_profile_is_named_with_its_line(tierbench, light):
    profiles = light / "hardware_profiles"
    profiles.mkdir()
    (profiles / "odd.toml").write_text('format = 1\nid = "odd"\nname = 3\n')
    done = tierbench("run", "light", "-p", "odd", "-I", light)
    assert done.returncode == Exit.BAD_INPUT
    assert "odd.toml:" in done.stderr
    assert tierbench("run", "light", "-I", light, "--dry-run").returncode == Exit.OK  # this run does not ask for it
    checked = tierbench("profile", "check", profiles / "odd.toml")
    assert checked.returncode == Exit.FAILED
    assert checked.stdout.count("odd.toml:") > 1


def test_an_unwritable_directory(tierbench, light, tmp_path):
    (tmp_path / "file").write_text("")
    done = tierbench("run", "light", "-I", light, *RUN, "--out", tmp_path / "file" / "run")
    assert done.returncode == Exit.MACHINE
    assert str(tmp_path / "file") in done.stderr
    assert "Traceback" not in done.stderr


def test_resume_refuses_another_selection(tierbench, run):
    done = tierbench("run", "--resume", run, "-p", "rpi5")
    assert done.returncode == Exit.BAD_INPUT
    assert "leave out profiles" in done.stderr


def test_resuming_a_whole_run_runs_nothing(tierbench, run):
    before = (run / store.RECORDS).read_bytes()
    assert tierbench("run", "--resume", run).returncode == Exit.OK
    assert (run / store.RECORDS).read_bytes() == before


def test_a_run_of_the_future_is_refused(tierbench, run):
    manifest = run / store.MANIFEST
    manifest.write_text(manifest.read_text().replace('"format":1,', '"format":7,', 1))
    for verb in (("report",), ("run", "--resume")):
        done = tierbench(*verb, run)
        assert done.returncode == Exit.BAD_INPUT
        assert "has format 7" in done.stderr


def test_dry_run_lists_the_trials_and_runs_none(tierbench, light, tmp_path):
    done = tierbench("run", "light", "-I", light, "-p", "rpi5", "--dry-run", "--processes", 1)
    assert done.returncode == Exit.OK
    assert len(done.stdout.splitlines()) == 1 + 6
    assert not list(tmp_path.glob("**/records.jsonl"))


def wait_for(path: Path, lines: int, process: subprocess.Popen) -> None:
    while process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            return
        time.sleep(0.01)
    raise AssertionError("the run ended before it could be stopped")


def start(environment, *args: object) -> subprocess.Popen:
    command = [sys.executable, "-P", "-m", "harness", *map(str, args)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_ctrl_c_finishes_the_record_exits_130_and_can_be_resumed(tierbench, light, tmp_path, environment):
    path = tmp_path / "run"
    asked = ("-k", "ms=1", "--budget", 0.3, "--precision", 0.0001)
    process = start(environment, "run", "light", "-I", light, *asked, "--out", path)
    wait_for(path / store.RECORDS, 1, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED, err
    assert "finishing the running trial" in err
    assert f"--resume {path}" in err
    assert "Traceback" not in out + err
    done = len(store.read(path).records)
    assert 1 <= done < 6
    assert tierbench("run", "--resume", path, "--no-report").returncode == Exit.OK
    assert store.read(path).complete


def test_two_runs_at_once_each_in_its_place_and_never_the_same(tierbench, light, tmp_path, environment):
    path = tmp_path / "run"
    first = start(environment, "run", "light", "-I", light, "--budget", 0.5, "--precision", 0.0001, "--out", path)
    wait_for(path / store.RECORDS, 1, first)
    same = tierbench("run", "--resume", path)
    assert same.returncode == Exit.MACHINE
    assert "another tierbench is writing this run" in same.stderr
    other = tierbench("run", "light", "-k", "ms=1", "-I", light, *RUN, "--out", tmp_path / "other")
    assert other.returncode == Exit.OK
    assert "another tierbench is measuring" in other.stderr
    assert "other-run" in [f.code for f in store.read(tmp_path / "other").manifest.findings]
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)


def test_a_disk_that_fills_up_ends_the_run_in_one_line_and_loses_nothing(tierbench, light, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        done = tierbench("run", "light", "-I", light, "--budget", 0.5, "--precision", 0.0001, "--out", disk / "run")
        assert done.returncode == Exit.MACHINE
        assert "the disk is full" in done.stderr
        assert "Traceback" not in done.stderr
        lines = (disk / "run" / store.RECORDS).read_bytes()
        assert lines.endswith(b"\n")
        finished = done.stderr.count("  ok  ")
        assert len(store.read(disk / "run").records) == finished > 0
    finally:
        subprocess.run(["umount", disk], check=True)


def test_ctrl_c_twice_stops_at_once(light, tmp_path, environment):
    body = "def build(self, place):\n    import time\n    return Model(lambda: time.sleep(600))"
    (light / "suites" / "endless.py").write_text(workload(body, "endless"))
    path = tmp_path / "run"
    process = start(environment, "run", "light", "endless", "-I", light, *RUN, "--out", path)
    for line in process.stderr:
        if "endless" in line:
            break
    process.send_signal(signal.SIGINT)
    for line in process.stderr:
        if "finishing" in line:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == Exit.INTERRUPTED


def test_a_time_limit_is_an_outcome(tierbench, light, tmp_path):
    body = (
        "calls = 0\n\ndef build(self, place):\n    return Model(None)\n\n"
        "def step(self, call, inputs, marks):\n    import time\n    It.calls += 1\n"
        "    time.sleep(600 if It.calls > 1 else 0)"
    )
    (light / "suites" / "stuck.py").write_text(workload(body))
    done = tierbench("run", "stuck", "-I", light, *RUN, "--timeout", 2, "--out", tmp_path / "run")
    assert done.returncode == Exit.FAILED
    assert "timed out after 2 s" in done.stderr
    assert store.read(tmp_path / "run").complete


def test_reports_in_every_format_from_a_stored_run(tierbench, run, tmp_path):
    for kind, words in (("markdown", "|"), ("csv", "metric"), ("junit", "<testsuite"), ("json", '"headline"')):
        done = tierbench("report", run, "-f", kind)
        assert done.returncode == Exit.OK, done.stderr
        assert words in done.stdout
    done = tierbench("report", run, "-o", tmp_path / "out" / "page.html")
    assert (tmp_path / "out" / "page.html").read_text().startswith("<!doctype html>")


def test_lists_and_shows(tierbench, light, run):
    rows = json.loads(tierbench("list", "suites", "-I", light, "--json").stdout)
    assert "light/nap" in [r["workload"] for r in rows]
    assert json.loads(tierbench("list", "runs", "--runs", run.parent, "--json").stdout)[0]["complete"] is True
    assert "raspberry-pi-5-4gb" in tierbench("list", "profiles").stdout
    assert "torch-eager" in tierbench("list", "runtimes").stdout
    assert "nap" in tierbench("show", "latest", "--runs", run.parent).stdout
    assert "source" in tierbench("show", "rpi5").stdout
    assert "Waits for some milliseconds" in tierbench("show", "nap", "-I", light).stdout


def test_doctor_says_what_is_possible_here_and_why_not(tierbench):
    said = json.loads(tierbench("doctor", "--json").stdout)
    assert {m["id"] for m in said["capabilities"]["means"]} >= {"cgroup2", "cgroup1", "rlimit"}
    assert all(m["reason"] is None or m["reason"] for m in said["capabilities"]["meters"])
    plain = tierbench("doctor")
    assert plain.returncode == Exit.OK
    assert "limits can be enforced by" in plain.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(tierbench, shell):
    assert "tierbench" in tierbench("completion", shell).stdout


def test_completion_knows_profiles_and_workloads(tierbench, light):
    asked = {"_TIERBENCH_COMPLETE": "bash_complete", "COMP_WORDS": "tierbench run -p rasp", "COMP_CWORD": "3"}
    assert "raspberry-pi-5-4gb" in tierbench(env=asked).stdout


def test_a_reader_that_leaves_early_is_no_error(environment):
    process = start(environment, "list", "suites")
    process.stdout.close()
    process.wait(timeout=60)
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
