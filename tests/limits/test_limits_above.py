"""What there is of memory around a trial, and the kernel's kills for want of it: read from files of other machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.host.files import Files
from harness.limits import above

MEMINFO = "MemTotal:        8388608 kB\n"
V2 = {
    "proc/self/cgroup": "0::/box\n",
    "proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
    "proc/meminfo": MEMINFO,
}
V1 = {
    "proc/self/cgroup": "4:memory:/box\n",
    "proc/mounts": "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n",
    "proc/meminfo": MEMINFO,
}


@pytest.fixture
def machine(tmp_path: Path):
    def make(files: dict[str, str]) -> Files:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return Files(tmp_path)

    return make


def test_a_container_says_what_it_may_use(machine):
    files = machine({**V2, "sys/fs/cgroup/box/memory.max": str(324 << 20), "sys/fs/cgroup/memory.max": "max"})
    assert above.available(files) == "this container may use 324 MiB"


def test_without_one_the_machine_says_what_it_has(machine):
    assert above.available(machine(V2)) == "this machine has 8 GiB"


@pytest.mark.parametrize(
    ("files", "kills"),
    [
        ({**V2, "sys/fs/cgroup/box/memory.events": "oom 3\noom_kill 2\n", "proc/vmstat": "oom_kill 9\n"}, 2),
        ({**V1, "sys/fs/cgroup/memory/box/memory.oom_control": "under_oom 0\noom_kill 4\n"}, 4),
        ({**V2, "proc/vmstat": "nr_free_pages 7\noom_kill 9\n"}, 9),
        (V2, None),
    ],
)
def test_kills_are_those_of_ones_own_group_else_the_machines(machine, files, kills):
    assert above.kills(machine(files)) == kills
