"""System calls that an old kernel or a sandbox lacks: each has a fallback, and doctor says what follows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import without_calls

from harness.host import calls

OPTIONAL = ("pidfd_open", "sched_setaffinity", "prctl", "posix_fadvise", "cachestat", "seccomp")
FILTERED = ("pidfd_open", "sched_setaffinity", "sched_getaffinity", "fadvise64", "cachestat", "seccomp", "fdatasync")
SUITE = """
from harness import Model, Workload

class Nap(Workload):
    name = "nap"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        return Model(lambda: sum(range(1000)))
"""
WAITS = """
import os, select, subprocess, sys
from harness.host.processes import end_of
from harness.host import cpu
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(3)"], stdin=subprocess.PIPE)
descriptor = end_of(child)
before = select.select([descriptor], [], [], 0)[0]
child.stdin.close()
after = select.select([descriptor], [], [], 60)[0]
os.close(descriptor)
print(before, after == [descriptor], child.wait(), len(cpu.usable()) == int(sys.argv[1]))
"""


def run(command: list[str], code: str, *arguments: str) -> str:
    done = subprocess.run(
        [*command, sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_the_end_of_a_child_is_seen_without_pidfd_open_and_its_cpus_without_affinity(error: str) -> None:
    here = str(len(os.sched_getaffinity(0)))
    for command in ([], without_calls.command(error, "pidfd_open", "sched_getaffinity")):
        assert run(command, WAITS, here) == "[] True 3 True"


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_each_missing_call_is_named_with_what_follows(error: str) -> None:
    code = "from harness.host import calls; print([(m.call, m.said) for m in calls.missing()])"
    said = os.strerror(getattr(__import__("errno"), error))
    expected = [(call, said) for call in OPTIONAL if call != "prctl"]
    assert run(without_calls.command(error, *FILTERED), code) == str(expected)


def test_what_is_there_is_not_said_to_be_missing() -> None:
    assert {lacking.call for lacking in calls.missing()} <= {"cachestat", "seccomp"}, "this machine is newer than 5.3"


def test_an_unknown_architecture_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_OF", {})
    assert "not known on" in next(lacking.said for lacking in calls.missing() if lacking.call == "seccomp")


@pytest.mark.slow
@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_a_run_under_a_limit_is_made_without_any_of_them(error: str, tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites/light.py").write_text(SUITE)
    environment = os.environ | {"TIERBENCH_CACHE": str(tmp_path / "cache")}
    arguments = [
        "run",
        "light",
        "--quick",
        "--budget",
        "0.05",
        "--no-report",
        "-p",
        "host",
        "-p",
        "rpi-zero-2w",
        "--out",
        "run",
    ]
    command = [*without_calls.command(error, *FILTERED), sys.executable, "-m", "harness", *arguments, "--out", "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in (tmp_path / "run/records.jsonl").read_text().splitlines()]
    assert {record["outcome"]["type"] for record in records} == {"ok"}
    assert {record["facts"]["files_found_by"] for record in records} == {"audit"}
    ceiling = next(record for record in records if record["trial"]["role"] == "ceiling")
    assert "not-dropped" in [finding["code"] for finding in ceiling["findings"]]
    cores = next(enforced for enforced in ceiling["enforced"] if enforced["limit"] == "cores")
    assert (cores["given"], cores["note"]) == (None, "a process cannot choose its CPUs here")
