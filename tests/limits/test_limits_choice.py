"""Which means is taken, what rlimit and none do, and what the stub is told of cores."""

from __future__ import annotations

import os

import pytest
from stubkit import MIB, python, start

from harness import limits
from harness.errors import MachineError, UnknownName
from harness.limits import cores, rlimit
from harness.limits.owner import start_time
from harness.model.case import Limits


def test_every_means_is_listed_best_first_with_a_reason_or_none() -> None:
    states = limits.states()
    assert [s.id for s in states] == ["cgroup2", "systemd-scope", "cgroup1", "rlimit"]
    assert all(s.reason is None or len(s.reason) > 10 for s in states)


def test_the_best_usable_means_is_taken_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(limits.FORCE, raising=False)
    best = next((s.id for s in limits.states() if s.reason is None), "none")
    with limits.open_group(Limits(), "x") as group:
        assert group.means == best
    monkeypatch.setenv(limits.FORCE, "none")
    with limits.open_group(Limits(), "x") as group:
        assert group.means == "none"
    with limits.open_group(Limits(), "x", "rlimit") as group:
        assert group.means == "rlimit"


def test_a_means_that_is_unknown_or_unusable_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="did you mean cgroup2 or cgroup1"):
        limits.open_group(Limits(), "x", "cgroup")
    for state in limits.states():
        if state.reason is not None:
            with pytest.raises(MachineError, match="cannot be used here"):
                limits.open_group(Limits(), "x", state.id)


def test_rlimit_makes_an_allocation_fail_and_says_it_is_approximate() -> None:
    if rlimit.unusable():
        pytest.skip(f"rlimit: {rlimit.unusable()}")
    code = "try: hold(200)\nexcept (MemoryError, OSError) as e: print('held not'); sys.exit(4)"
    code = f"import resource\nprint(resource.getrlimit(resource.RLIMIT_DATA)[0])\n{code}"
    with limits.open_group(Limits(memory_bytes=100 * MIB, swap_bytes=5), "x", "rlimit") as group:
        memory, swap = group.enforced()
        assert (memory.asked, memory.given, memory.approximate) == (100 * MIB, 100 * MIB, True)
        assert (swap.asked, swap.given) == (5, None)
        started = start(group.join, python(code))
        assert started.finish() == (4, f"{100 * MIB}\nheld not\n", "")
        assert group.usage().peak_bytes is None
        assert group.watch is None
        assert (group.oom_kills(), group.major_faults()) == (None, None)


def test_without_any_means_everything_asked_is_recorded_as_not_enforced() -> None:
    with limits.open_group(Limits(memory_bytes=100 * MIB), "x", "none") as group:
        assert [(e.limit, e.given) for e in group.enforced()] == [("memory", None), ("swap", None)]
        assert all(e.note for e in group.enforced())
        assert start(group.join, python("hold(120)")).finish()[0] == 0


@pytest.mark.parametrize("weak", ["rlimit", "none"])
def test_kill_without_a_group_takes_the_whole_session(weak: str) -> None:
    code = """
if os.fork() == 0:
    os.setpgid(0, 0); print(os.getpid(), flush=True); time.sleep(600)
print(os.getpid(), flush=True); time.sleep(600)
"""
    group = limits.open_group(Limits(), "x", weak)
    started = start(group.join, python(code))
    group.adopt(started.process.pid)
    assert started.process.stdout is not None
    pids = [int(started.process.stdout.readline()) for _ in range(2)]
    group.kill()
    assert not any(start_time(pid) for pid in pids)
    started.finish()
    group.close()
    group.close()


def test_cores_are_chosen_from_what_this_process_may_use() -> None:
    usable = os.sched_getaffinity(0)
    assert cores.choose(None) is None
    for asked in range(1, len(usable) + 2):
        chosen = cores.choose(asked)
        assert chosen is not None
        assert len(chosen) == min(asked, len(usable))
        assert set(chosen) <= usable


def test_one_core_means_one_cpu_and_one_thread_for_real() -> None:
    code = "print(len(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS'])"
    with limits.open_group(Limits(cores=1, threads=4), "x", "none") as group:
        assert start(group.join, python(code)).finish()[1] == "1 1\n"
        assert [(e.limit, e.asked, e.given) for e in group.enforced()] == [("cores", 1, 1), ("threads", 4, 1)]
