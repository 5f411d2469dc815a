"""The raw signals: read for real here, and from the files of other machines."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from harness.checks import Code, validity
from harness.meters import signals
from harness.meters.conditions import CANARY_NS, Conditions, canary_seconds
from harness.model.measure import Measurement
from harness.testing import FakeClock
from tests.checks.disturbances import jumped

MS, SECOND = 1_000_000, 1_000_000_000


def files(root: Path, **texts: str) -> Path:
    for name, text in texts.items():
        target = root / name.replace("__", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def taken(conditions: Conditions) -> dict[str, Measurement]:
    return {m.metric.id: m for m in conditions.measurements("timed")}


def test_every_signal_has_its_figure_or_a_reason():
    conditions = Conditions()
    conditions.begin()
    burnt, start = 0, time.process_time_ns()
    while time.process_time_ns() - start < 20_000_000:
        burnt += 1
    conditions.end()
    found = taken(conditions)
    assert all(bool(m.values) != bool(m.missing) for m in found.values())
    assert found["cpu_time"].values[0] >= 0.02
    assert found["window"].values[0] >= 0.02
    assert len(found["canary"].values) == 2
    assert abs(found["clock_gap"].values[0]) < 0.001


def test_the_canary_takes_about_fifty_milliseconds_of_the_clock_it_is_given():
    clock = FakeClock(tick=1_000_000)
    assert canary_seconds(clock) == pytest.approx(1e6 / 128 / 1e9)
    assert clock.now >= CANARY_NS
    assert canary_seconds(FakeClock()) == 0.0  # a clock that stands still does not hang it


def settled() -> float:
    """The canary where objects lie now: the least of several, since a neighbour or a clock disturbs one, not all."""
    return min(canary_seconds() for _ in range(3))


def placements(canary: Callable[[], float]) -> Iterator[float]:
    """How far the canary shifts, relative, as objects come to lie elsewhere; only where it is steady while they stay.

    A shared core may lose a third of its speed for a second: that says nothing of where objects lie.
    """
    draw, kept = random.Random(1), []
    while True:
        before, still = canary(), canary()
        kept += [[draw.random() for _ in range(draw.randrange(400))], list(range(10**6, 10**6 + draw.randrange(300)))]
        del kept[draw.randrange(len(kept))], kept[:-10]
        after, again = canary(), canary()
        if max(abs(still / before - 1), abs(again / after - 1)) <= 0.02:
            yield abs(after / still - 1)


@pytest.mark.alone
def test_the_canary_does_not_depend_on_where_objects_lie(monkeypatch):
    """A loop in plain Python takes 10 % more or less here: its numbers lie elsewhere each time."""
    monkeypatch.setattr("harness.meters.conditions.CANARY_NS", 10 * MS)
    shifts = sorted(islice(placements(settled), 40))
    assert shifts[36] <= 0.02


def test_a_thread_that_waits_for_a_core_is_seen_and_one_that_sleeps_is_not():
    before = signals.run_delays(Path("/proc"))
    assert before is not None
    done = threading.Event()
    sleeper = threading.Thread(target=done.wait)
    sleeper.start()
    after = signals.run_delays(Path("/proc"))
    done.set()
    sleeper.join()
    assert after is not None
    assert set(before) <= set(after)
    assert all(after[thread] >= delay for thread, delay in before.items())


def test_a_kernel_without_schedstat_gives_none_and_not_zero(tmp_path):
    assert signals.run_delays(tmp_path) is None
    files(tmp_path, self__task__7__schedstat="0 0 0\n")
    assert signals.run_delays(tmp_path) is None
    files(tmp_path, self__task__7__schedstat="5000 300 2\n", self__task__8__schedstat="100 40 1\n")
    assert signals.run_delays(tmp_path) == {"7": 300, "8": 40}


def test_stolen_time_is_that_of_the_cores_in_use(tmp_path):
    stat = "cpu 1 1 1 1 1 1 1 900\ncpu0 1 1 1 1 1 1 1 300 0 0\ncpu1 1 1 1 1 1 1 1 100 0 0\nintr 5\n"
    files(tmp_path, stat=stat)
    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert signals.stolen_seconds(tmp_path, [1]) == pytest.approx(100 * tick)
    assert signals.stolen_seconds(tmp_path, [0, 1]) == pytest.approx(200 * tick)
    assert signals.stolen_seconds(tmp_path / "none", [0]) is None


@pytest.mark.parametrize(
    ("cgroup", "stat", "text"),
    [
        ("0::/a/b\n", "fs__cgroup__a__cpu.stat", "usage_usec 5\nnr_throttled 2\nthrottled_usec 1500000\n"),
        ("0::/\n", "fs__cgroup__cpu.stat", "throttled_usec 1500000\n"),
        ("4:memory:/m\n3:cpu,cpuacct:/x\n", "fs__cgroup__cpu,cpuacct__x__cpu.stat", "throttled_time 1500000000\n"),
        ("1:cpu:/\n0::/\n", "fs__cgroup__cpu__cpu.stat", "nr_periods 0\nthrottled_time 1500000000\n"),
    ],
)
def test_a_quota_of_the_own_group_or_one_above_it_counts(tmp_path, cgroup, stat, text):
    files(tmp_path, proc__self__cgroup=cgroup)
    system = files(tmp_path / "sys", **{stat: text})
    assert signals.quota_throttled_seconds(tmp_path / "proc", system) == pytest.approx(1.5)


def test_the_same_folder_by_two_names_counts_once(tmp_path):
    files(tmp_path, proc__self__cgroup="3:cpu,cpuacct:/\n")
    system = files(tmp_path / "sys", **{"fs__cgroup__cpu,cpuacct__cpu.stat": "throttled_time 1500000000\n"})
    (system / "fs/cgroup/cpu").symlink_to("cpu,cpuacct")
    assert signals.quota_throttled_seconds(tmp_path / "proc", system) == pytest.approx(1.5)


def test_the_clock_is_the_fastest_cores(tmp_path):
    cpu = "devices__system__cpu__cpu{}__cpufreq__scaling_cur_freq"
    files(tmp_path, **{cpu.format(0): "1800000\n", cpu.format(1): "3000000\n", cpu.format(2): "3500000\n"})
    assert signals.fastest_clock(tmp_path, tmp_path, [0, 1]) == 3.0e9
    files(tmp_path, cpuinfo="processor : 0\ncpu MHz\t\t: 2596.094\n")
    assert signals.fastest_clock(tmp_path, tmp_path, [7]) == 2596.094e6
    assert signals.fastest_clock(tmp_path / "none", tmp_path, [7]) is None


def test_thermal_throttling_is_summed_over_cores(tmp_path):
    name = "devices__system__cpu__cpu{}__thermal_throttle__core_throttle_count"
    files(tmp_path, **{name.format(0): "3\n", name.format(1): "4\n"})
    assert signals.thermal_throttles(tmp_path, [0, 1]) == 7
    assert signals.thermal_throttles(tmp_path, [5]) is None


@pytest.mark.parametrize("jump", [SECOND // 2, -SECOND // 2, 3600 * SECOND, 5 * MS])
@pytest.mark.parametrize("at", [1, 7, 20])
def test_a_jump_of_the_clock_in_the_timed_rounds_is_never_called_valid(jump, at):
    verdict = validity(jumped(jump, at))
    assert verdict.state == "invalid"
    assert Code.CLOCK_JUMP in verdict.codes


def test_a_clock_that_does_not_jump_is_left_alone():
    assert validity(jumped(0, 1)).state == "valid"
