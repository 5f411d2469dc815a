"""Cores of different kinds and quotas of time, on this machine and on files of others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import host
from harness.host import cpu, disturbances
from harness.host.files import HERE, Files
from harness.limits import cores
from harness.model.machine import Capabilities, Environment

SYSTEM = "sys/devices/system/cpu/cpu{}"


def board(capacities, clocks=(), siblings=()):
    tree = {f"{SYSTEM.format(n)}/cpu_capacity": str(c) for n, c in enumerate(capacities) if c}
    tree |= {f"{SYSTEM.format(n)}/cpufreq/cpuinfo_max_freq": str(c) for n, c in enumerate(clocks)}
    return tree | {f"{SYSTEM.format(n)}/topology/thread_siblings_list": s for n, s in enumerate(siblings)}


RK3588 = board([530] * 4 + [1024] * 4, [1_800_000] * 4 + [2_400_000] * 4)
M1 = board([512] * 4 + [1024] * 4)
JETSON = board((), [1_479_000] * 4)
CORE_ULTRA = {
    **board((), [5_000_000] * 4 + [3_800_000] * 4, ["0-1", "0-1", "2-3", "2-3", "4", "5", "6", "7"]),
    "sys/devices/cpu_core/cpus": "0-3",
    "sys/devices/cpu_atom/cpus": "4-7",
}
SAME_CLOCKS = {**CORE_ULTRA, **board((), [4_000_000] * 8)}


@pytest.mark.parametrize(
    ("tree", "count", "first"),
    [
        (RK3588, 8, [4, 5, 6, 7, 0]),
        (M1, 8, [4, 5, 6, 7, 0]),
        (JETSON, 4, [0, 1, 2, 3]),
        (CORE_ULTRA, 8, [0, 2, 4, 5, 6, 7, 1, 3]),
        (SAME_CLOCKS, 8, [0, 2, 4]),
        ({}, 2, [0, 1]),
    ],
)
def test_the_fastest_cores_are_given_out_first_and_second_threads_last(machine, tree, count, first):
    found = cores.fastest_first(range(count), machine(tree))
    assert found[: len(first)] == first
    assert sorted(found) == list(range(count))


def test_doctor_names_the_kinds_and_what_to_do(machine):
    environment = Environment("h", "Debian", "6.1", "aarch64", "CPU", 8, 1 << 33, "3.11", "0.1", {})
    files = machine({**RK3588, "proc/self/status": "Cpus_allowed_list:\t0-7\n"})
    original, cpu.usable = cpu.usable, lambda _files: set(range(8))
    try:
        [found] = host.doctor(Capabilities(8, 1 << 33, 0), environment, files, (disturbances.core_kinds,))
    finally:
        cpu.usable = original
    assert found.code == "core-kinds"
    assert (
        "4 with capacity 1024, up to 2.4 GHz (CPU 4-7); 4 with capacity 530, up to 1.8 GHz (CPU 0-3)" in found.message
    )
    assert found.hint.endswith("taskset -c 4-7")


def test_this_machine_s_cores_are_all_given_out_once():
    here = os.sched_getaffinity(0)
    assert set(cores.fastest_first(here)) == here
    assert sorted(number for kind in cpu.kinds(here) for number in kind.cpus) == sorted(here)
    assert cores.choose(1) == (cores.fastest_first(here)[0],)


@given(st.sets(st.integers(0, 200)))
def test_a_list_of_cpus_is_written_as_the_kernel_writes_it(numbers):
    assert cpu.cpu_list(cpu.show_list(sorted(numbers))) == sorted(numbers)


@pytest.mark.parametrize(
    ("quota", "allowed"),
    [("50000 100000", 1), ("100000 100000", 1), ("150000 100000", 1), ("max 100000", 2), ("9999999 1", 2)],
)
def test_there_are_no_more_threads_than_a_quota_allows_but_one(machine, monkeypatch, quota, allowed):
    files = machine(
        {
            "proc/self/cgroup": "0::/\n",
            "proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
            "sys/fs/cgroup/cpu.max": quota,
        }
    )
    monkeypatch.setattr(cpu, "usable", lambda *_: {0, 1})
    assert cpu.threads(files) == allowed


def test_without_a_quota_there_is_a_thread_a_core():
    if cpu.quota(HERE) is None:
        assert cpu.threads() == len(os.sched_getaffinity(0))
    assert cpu.quota(Files()) == cpu.quota(HERE)


def test_a_trial_is_told_no_more_threads_than_it_has_cores_or_a_quota(monkeypatch):
    monkeypatch.setattr(cpu, "threads", lambda *_: 1)
    assert cores.thread_environment(4, None)["OMP_NUM_THREADS"] == "1"
    monkeypatch.undo()
    one = min(os.sched_getaffinity(0))
    code = "from harness.limits import cores; print(cores.thread_environment(4, None)['OMP_NUM_THREADS'])"
    command = ["taskset", "-c", str(one), sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"
