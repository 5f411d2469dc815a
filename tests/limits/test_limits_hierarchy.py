"""Finding the hierarchies: real ones here, and container shapes from text."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.limits import files, hierarchy

MOUNTS = """\
24 1 0:22 / /proc rw - proc proc rw
35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
41 31 0:37 / /mnt/with\\040space ro,nosuid master:3 - cgroup2 cgroup2 rw,nsdelegate
"""


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    texts = {
        "/proc/self/mountinfo": MOUNTS.replace("/sys/fs/cgroup/memory", str(tmp_path)),
        "/proc/self/cgroup": "4:memory:/docker/abc/inner\n1:name=systemd:/x\n0::/../outside\n",
    }
    monkeypatch.setattr(hierarchy, "read", lambda path: texts[str(path)])


@pytest.mark.usefixtures("container")
def test_a_container_sees_its_part_of_the_hierarchy(tmp_path: Path) -> None:
    memory = hierarchy.memory_v1()
    assert memory == hierarchy.Hierarchy(tmp_path, "/docker/abc")
    assert hierarchy.own_group(memory, "memory") == tmp_path / "inner"


@pytest.mark.usefixtures("container")
def test_a_group_outside_of_what_is_visible_is_none() -> None:
    unified = hierarchy.unified()
    assert unified == hierarchy.Hierarchy(Path("/mnt/with space"), "/")
    assert hierarchy.own_group(unified, "") is None


def test_limits_and_keys_are_read_from_kernel_files(tmp_path: Path) -> None:
    file = tmp_path / "f"
    for text, expected in (("max\n", files.UNLIMITED), ("4096\n", 4096), ("9223372036854771712\n", files.UNLIMITED)):
        file.write_text(text)
        assert files.read_bytes(file) == expected
    file.write_text("low 0\noom 3\noom_kill 2\noom_group_kill x\n")
    assert files.read_key(file, "oom_kill") == 2
    assert files.read_key(file, "oom_group_kill") is None
    assert files.read_key(tmp_path / "absent", "oom_kill") is None
    assert files.read_bytes(tmp_path / "absent") is None
    assert files.read_pids(tmp_path / "absent") == []


def test_a_write_that_fails_says_what_the_kernel_said(tmp_path: Path) -> None:
    assert files.write(tmp_path / "f", "1") is None
    assert files.write(tmp_path / "no" / "f", "1") == "f: No such file or directory"
    assert files.write(Path("/dev/full"), "1") == "full: No space left on device"


def test_the_machine_tells_its_memory() -> None:
    total = files.meminfo("MemTotal")
    assert total is not None
    assert total > 64 << 20
    assert files.meminfo("NoSuchKey") is None
