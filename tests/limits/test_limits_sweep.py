"""What a SIGKILLed harness leaves is told from what a living one uses, killed and removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stubkit import LAUNCH

from harness import limits
from harness.limits import owner
from harness.limits.owner import start_time
from harness.model.case import Limits

HARNESS = f"""
import sys
sys.path[:0] = {[str(LAUNCH.parents[1]), str(LAUNCH.parents[1] / "tests" / "launch")]!r}
from harness.limits import open_group
from harness.model.case import Limits
from stubkit import python, start
group = open_group(Limits(memory_bytes=64 << 20), "doomed", sys.argv[1])
code = '''
if os.fork() == 0:
    os.setsid(); print(os.getpid(), flush=True); time.sleep(600)
print(os.getpid(), flush=True); time.sleep(600)
'''
trial = start(group.join, python(code))
print(group.path, trial.process.stdout.readline(), trial.process.stdout.readline(), flush=True)
sys.stdin.read()
"""


def test_sweep_kills_and_removes_what_a_dead_harness_left(means: str) -> None:
    living = limits.open_group(Limits(), "living", means)
    with _harness(means) as doomed:
        path, pids = _report(doomed)
        limits.sweep()
        assert path.is_dir(), "the group of a living harness was swept"
        doomed.send_signal(signal.SIGKILL)
    worker_alive = [pid for pid in pids if start_time(pid)]
    assert worker_alive, "the orphaned worker should outlive the harness until the sweep"
    said = limits.sweep()
    assert [sentence for sentence in said if path.name in sentence and "killed" in sentence]
    assert not path.exists()
    assert not any(start_time(pid) for pid in pids)
    assert not [sentence for sentence in limits.sweep() if path.name in sentence]
    assert Path(living.join.procs[0]).exists()
    living.close()


def test_a_group_whose_pid_lives_on_in_another_process_is_an_orphan() -> None:
    namespace, pid, start = owner.stem().removeprefix(owner.PREFIX).split("-")[:3]
    assert not owner.is_orphan(owner.new_name("mine"))
    assert owner.is_orphan(f"{owner.PREFIX}{namespace}-{pid}-{int(start) + 1}-1-x")


@pytest.mark.parametrize("name", ["tierbench-leaf", "system.slice", "tierbench-1-2", "tierbench-x-1-2-3-", ""])
def test_a_name_of_another_kind_is_never_an_orphan(name: str) -> None:
    assert not owner.is_orphan(name)


def test_a_group_of_another_pid_namespace_is_left_alone() -> None:
    assert not owner.is_orphan(f"{owner.PREFIX}1-{2**22 + 1}-1-1-x")


def _harness(means: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HARNESS, means],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if k != limits.FORCE},
    )


def _report(doomed: subprocess.Popen[str]) -> tuple[Path, list[int]]:
    assert doomed.stdout is not None
    lines = [doomed.stdout.readline() for _ in range(3)]
    path, first = lines[0].split()
    return Path(path), [int(first), int(lines[1])]
