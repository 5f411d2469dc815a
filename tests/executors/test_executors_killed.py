"""Real children under a real limit, killed by the kernel: their outcome whatever the main process says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from builders import trial
from msgspec.structs import replace

from harness import limits
from harness.engine.assemble import assemble
from harness.executors.local import LocalExecutor
from harness.model.case import HOST, Case, Limits, WorkloadRef
from harness.model.outcome import DoesNotFit, Failed
from harness.model.record import Record
from harness.model.units import MIB

pytestmark = pytest.mark.slow
SUITE = Path(__file__).with_name("killed_suite.py")
LIMIT = 160 * MIB
KERNEL_GROUPS = [s.id for s in limits.states() if s.id in {"cgroup2", "systemd-scope", "cgroup1"} and s.reason is None]
sys.path.insert(0, str(Path(__file__).parents[1] / "launch"))


def run(name: str, cache: Path, means: str, role: str = "ceiling", memory: int | None = LIMIT) -> Record:
    case = Case(WorkloadRef("killed", name, str(SUITE)), HOST, "cpu", "cpu", "python", "float32")
    one = replace(trial(role=role, limits=Limits(memory_bytes=memory)), case=case, timeout_seconds=60.0)
    events: list = []
    ending = LocalExecutor(cache, means).execute(one, (), events.append, lambda: False)
    return assemble(one, events, ending, "now")


@pytest.mark.parametrize("means", KERNEL_GROUPS)
@pytest.mark.parametrize("name", ["ignores", "checks", "waits", "itself"])
def test_a_process_that_the_kernel_killed_is_one_that_did_not_fit(name, means, tmp_path):
    record = run(name, tmp_path, means)
    assert isinstance(record.outcome, DoesNotFit)
    assert record.outcome.limit_bytes == LIMIT
    assert record.outcome.how.startswith(f"the kernel killed {record.usage.oom_kills} process")
    assert record.usage.oom_kills > 0
    assert record.usage.at_limit > 0
    assert record.wall_seconds < 30, "the timeout was waited for"


@pytest.mark.parametrize("means", [*KERNEL_GROUPS[:1], "rlimit", "none"])
def test_a_real_time_signal_is_a_failure_like_another(means, tmp_path):
    record = run("signals", tmp_path, means, memory=None)
    assert isinstance(record.outcome, Failed)
    assert record.outcome.error == "killed by signal 40"


INSIDE = """
import json, sys
sys.path[:0] = {path}
import test_executors_killed as t
from pathlib import Path
found = [t.run("itself", Path({cache!r}), means, role, memory) for role, memory, means in json.loads(sys.argv[1])]
print(json.dumps([[type(r.outcome).__name__, r.outcome.error] for r in found]))
"""


@pytest.mark.parametrize("means", KERNEL_GROUPS[:1])
def test_a_container_that_is_too_small_is_said_and_is_no_word_on_a_board(means, tmp_path):
    """A group stands for the container; within it trials of the host, of a larger board and without a group."""
    from stubkit import start

    tried = [("need", None, means), ("ceiling", 1 << 30, means), ("need", None, "none"), ("ceiling", 1 << 30, "rlimit")]
    code = INSIDE.format(path=[p for p in sys.path if p], cache=str(tmp_path))
    with limits.open_group(Limits(memory_bytes=LIMIT), "container", means) as container:
        started = start(container.join, [sys.executable, "-c", code, json.dumps(tried)])
        container.adopt(started.process.pid)
        status, printed, _ = started.finish(timeout=300)
    assert status == 0, printed
    assert json.loads(printed.splitlines()[-1]) == [
        ["Failed", "ran out of memory: this container may use 160 MiB"] for _ in tried
    ]
