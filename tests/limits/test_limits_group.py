"""A kernel group for real, by every means that this machine offers: limits, out of memory, peaks, killing, closing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from stubkit import MIB, python, start

from harness.limits import Group, open_group
from harness.limits.cgroup import CgroupGroup
from harness.limits.owner import start_time
from harness.model.case import Limits
from harness.model.record import Enforced

CAP = 96 * MIB
UNLIMITED = Limits()


def open_kernel_group(means: str, limits: Limits = UNLIMITED, label: str = "test") -> CgroupGroup:
    group = open_group(limits, label, means)
    assert isinstance(group, CgroupGroup)
    return group


def run(group: Group, code: str, **order: object) -> tuple[int, str]:
    started = start(group.join, python(code), **order)
    group.adopt(started.process.pid)
    code_, printed, status = started.finish()
    assert status == ""
    return code_, printed


def given(group: Group) -> dict[str, int | None]:
    return {e.limit: e.given for e in group.enforced()}


def test_limits_are_read_back_from_the_kernel(means: str) -> None:
    cores = len(os.sched_getaffinity(0))
    asked = Limits(memory_bytes=CAP, cores=cores + 2, threads=cores + 2)
    with open_kernel_group(means, asked) as group:
        assert group.means == means
        assert given(group) == {"memory": CAP, "swap": 0, "cores": cores, "threads": cores}
        [cores_said] = [e for e in group.enforced() if e.limit == "cores"]
        assert cores_said.note == f"asked {cores + 2} cores, this machine gives {cores}"
        assert group.join.environment["OMP_NUM_THREADS"] == str(cores)
        assert not any(e.approximate for e in group.enforced() if e.limit != "threads")


def test_asking_for_more_than_the_machine_has_is_said(means: str) -> None:
    with open_kernel_group(means, Limits(memory_bytes=1 << 50)) as group:
        memory: Enforced = group.enforced()[0]
        assert memory.given is not None
        assert memory.given < 1 << 50
        assert "this machine has" in memory.note or "a group above" in memory.note


def test_an_unlimited_trial_has_the_peak_of_its_tree(means: str) -> None:
    code = "pid = os.fork() or hold(48) and os._exit(0)\nos.waitpid(pid, 0); hold(40)"
    with open_kernel_group(means) as group:
        assert group.enforced() == ()
        assert run(group, code)[0] == 0
        usage = group.usage()
    assert usage.peak_bytes is not None
    assert 48 * MIB <= usage.peak_bytes < 80 * MIB
    assert usage.oom_kills == 0


def test_out_of_memory_kills_the_child_alone(means: str) -> None:
    with open_kernel_group(means, Limits(memory_bytes=CAP)) as group:
        assert run(group, "hold(200)")[0] == -9
        usage = group.usage()
    assert usage.oom_kills == 1
    assert usage.peak_bytes is not None
    assert 0.98 * CAP <= usage.peak_bytes <= CAP


def test_a_worker_out_of_memory_is_counted_though_its_parent_exits_0(means: str) -> None:
    code = "pid = os.fork() or hold(200) and os._exit(0)\nos.waitpid(pid, 0); print('well')"
    with open_kernel_group(means, Limits(memory_bytes=CAP)) as group:
        assert run(group, code) == (0, "well\n")
        assert group.oom_kills() == 1


def test_a_kill_by_another_hand_is_no_oom_kill(means: str) -> None:
    with open_kernel_group(means, Limits(memory_bytes=CAP)) as group:
        assert run(group, "os.kill(os.getpid(), 9)")[0] == -9
        assert group.oom_kills() == 0


def test_the_trial_reads_and_resets_its_peak_itself(means: str) -> None:
    code = """
def burst():
    hold(64).close()
burst()
mode = sys.argv[2]
peak = open(sys.argv[1], "r+" if mode else "r")
before = int(peak.read())
if mode:
    peak.seek(0); peak.write("0"); peak.flush(); peak.seek(0)
print(before, int(peak.read()) if mode else -1)
"""
    with open_kernel_group(means) as group:
        watch = group.watch
        assert watch is not None
        assert watch.peak is not None
        started = start(group.join, [*python(code), watch.peak, watch.reset or ""])
        before, after = map(int, started.finish()[1].split())
        assert before >= 64 * MIB
        assert after == -1 if watch.reset is None else 0 < after < before - 60 * MIB
        assert all(Path(p).exists() for p in (watch.current, watch.stat))
        keys = {line.split()[0] for line in Path(watch.stat).read_text().splitlines()}
        assert {watch.anonymous_key, watch.file_key} <= keys


def test_kill_leaves_no_process(means: str) -> None:
    code = """
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        print(os.getpid(), flush=True); time.sleep(600)
print(os.getpid(), flush=True); time.sleep(600)
"""
    group = open_kernel_group(means)
    started = start(group.join, python(code))
    assert started.process.stdout is not None
    pids = [int(started.process.stdout.readline()) for _ in range(4)]
    assert all(start_time(pid) for pid in pids)
    group.kill()
    assert not any(start_time(pid) for pid in pids)
    started.finish()
    group.close()


def test_closing_removes_the_group_and_twice_is_fine(means: str) -> None:
    group = open_kernel_group(means, label="weird/ label: [batch=1]\n")
    assert group.path.is_dir()
    group.close()
    assert not group.path.exists()
    group.close()
    group.kill()
    assert group.usage().oom_kills is None


def test_two_groups_do_not_touch_each_other(means: str) -> None:
    with open_kernel_group(means, Limits(memory_bytes=CAP)) as small, open_kernel_group(means) as large:
        assert small.path != large.path
        waiting = start(
            large.join, python("area = hold(150); print('held', flush=True); sys.stdin.read(); print('still')")
        )
        assert run(small, "hold(150)")[0] == -9
        assert waiting.finish()[:2] == (0, "held\nstill\n")
        assert (small.oom_kills(), large.oom_kills()) == (1, 0)


@pytest.fixture(scope="module")
def mapped_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("mapped") / "weights"
    with path.open("wb") as file:
        for _ in range(300):
            file.write(os.urandom(MIB))
    yield path
    path.unlink()


READ_MAPPED = """
import json
with open(sys.argv[1], "rb") as file:
    area = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
total = sum(area[page] for page in range(0, len(area), 4096))
resident = next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("RssFile"))
print(json.dumps({"resident": resident << 10, "faults": __import__("resource").getrusage(0).ru_majflt}))
"""


@pytest.mark.alone
def test_pages_warmed_outside_are_not_charged_and_dropped_ones_are(means: str, mapped_file: Path) -> None:
    peaks = {}
    argv = [*python(READ_MAPPED), str(mapped_file)]
    # The interpreter's own files, which a host that reclaims what nobody used for minutes has dropped by now.
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    for how in ("warm", "drop"):
        with open_kernel_group(means) as group:
            code, printed, status = start(group.join, argv, **{how: [str(mapped_file)]}).finish()
            assert (code, status) == (0, "")
            assert json.loads(printed)["resident"] >= 300 * MIB
            peak = group.usage().peak_bytes
            faults = group.major_faults()
            assert peak is not None
            assert faults is not None
            assert (faults == 0) if how == "warm" else faults >= 1
            peaks[how] = peak
    assert peaks["warm"] < 40 * MIB
    assert 300 * MIB <= peaks["drop"] < 340 * MIB
