"""A group that runs out of memory is seen on a kernel that keeps no count of its kills: real groups of cgroup v1."""

from __future__ import annotations

from pathlib import Path

import pytest
from stubkit import MIB, python, start

from harness.limits import cgroup, cgroup1, open_group
from harness.limits.cgroup import CgroupGroup
from harness.limits.oom_events import OomEvents
from harness.model.case import Limits

HOG = "pieces = [hold(8) for _ in range(32)]; print(len(pieces))"
MODEST = "print(len(hold(8)))"


@pytest.fixture
def an_old_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 4.13 the file has no such line."""
    real = cgroup.read_key
    monkeypatch.setattr(cgroup, "read_key", lambda path, key: None if key == "oom_kill" else real(path, key))


@pytest.mark.usefixtures("an_old_kernel")
@pytest.mark.parametrize(("code", "killed"), [(HOG, True), (MODEST, False)])
def test_the_kernel_tells_that_a_group_ran_out_of_memory(means: str, code: str, killed: bool) -> None:
    with open_group(Limits(memory_bytes=64 * MIB), "old", means) as group:
        assert isinstance(group, CgroupGroup)
        started = start(group.join, python(code))
        group.adopt(started.process.pid)
        exit_code, _, _ = started.finish()
        assert (exit_code == -9) is killed
        said = group.oom_kills()
        if means == cgroup1.ID:
            assert said is not None
            assert (said > 0) is killed
            assert group.usage().oom_kills == said
            group.close()
            assert group.oom_kills() == said, "that the group was removed is no kill"
        else:
            assert said is None


def test_where_the_kernel_counts_nothing_else_is_asked(means: str) -> None:
    with open_group(Limits(), "new", means) as group:
        assert isinstance(group, CgroupGroup)
        assert group.oom_kills() == 0
        assert group._oom_events is None


def test_a_folder_that_is_no_group_has_no_events(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"oom_control"):
        OomEvents(tmp_path)
    assert cgroup.oom_events(tmp_path, cgroup1.LAYOUT) is None
