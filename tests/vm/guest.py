"""Runs inside the virtual machine: exercises harness.limits for real and reports facts as one line of JSON.

It only observes; the assertions are in test_vm_limits.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import termios
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

import msgspec
from msgspec import structs
from stubkit import MIB, python, start

from harness import limits
from harness.limits import Group, hierarchy
from harness.limits.cgroup import CgroupGroup
from harness.limits.owner import PREFIX, start_time
from harness.limits.removal import members
from harness.model.case import Limits

CAP = Limits(memory_bytes=40 * MIB, cores=4, threads=4)
SWAPPING = structs.replace(CAP, swap_bytes=40 * MIB)
TOO_MUCH = "hold(44)"
"""For CAP, which ends it; SWAPPING lets it live."""
WORKER = "pid = os.fork() or hold(80) and os._exit(0)\nos.waitpid(pid, 0); print('well')"
PEAK = """
print(os.getpid())
peak = open(sys.argv[1], "r+" if sys.argv[2] else "r")
hold(24).close()
before = int(peak.read())
if sys.argv[2]:
    peak.seek(0); peak.write("0"); peak.flush(); peak.seek(0)
print(before, int(peak.read()) if sys.argv[2] else 0)
"""
FAMILY = """
if os.fork() == 0:
    os.setsid(); print(os.getpid(), flush=True); time.sleep(600)
print(os.getpid(), flush=True); time.sleep(600)
"""


def try_out(limit: Limits, code: str, **order: Any) -> dict[str, Any]:
    """Run ``code`` in a group of its own and tell how it ended."""
    with limits.open_group(limit, "trial") as group:
        return _run(group, python(code), **order)


def opened() -> dict[str, Any]:
    with limits.open_group(CAP, "look") as group:
        return {
            "means": group.means,
            "enforced": msgspec.to_builtins(group.enforced()),
            "prefix": bool(group.join.prefix),
            "reset": group.watch.reset if group.watch else None,
        }


def unlimited() -> dict[str, Any]:
    """A trial that tells its pid, its peak, and its peak after a reset."""
    with limits.open_group(Limits(), "peak") as group:
        assert group.watch is not None
        assert group.watch.peak is not None
        argv = [*python(PEAK), group.watch.peak, group.watch.reset or ""]
        return _run(group, argv)


def killed() -> dict[str, Any]:
    group = limits.open_group(Limits(), "kill")
    started = start(group.join, python(FAMILY))
    group.adopt(started.process.pid)
    pids = [int(_line(started.process)) for _ in range(2)]
    inside = members(_group_of(group).path)
    group.kill()
    alive = [pid for pid in pids if start_time(pid)]
    started.finish()
    group.close()
    return {"inside": len(inside), "expected": len(set(inside) & set(pids)), "alive": alive}


def swept() -> dict[str, Any]:
    doomed, said = _fork_harness()
    path, *pids = said.readline().split()
    spared = limits.sweep()
    os.kill(doomed, signal.SIGKILL)
    os.waitpid(doomed, 0)
    alive_before = _alive(pids)
    said.close()
    return {
        "spared": spared,
        "alive_before": len(alive_before),
        "said": limits.sweep(),
        "path": path,
        "exists": Path(path).exists(),
        "alive": _alive(pids),
    }


CHECKS: dict[str, Callable[[], Any]] = {
    "states": lambda: {state.id: state.reason for state in limits.states()},
    "opened": opened,
    "oom": lambda: try_out(CAP, TOO_MUCH),
    "worker_oom": lambda: try_out(CAP, WORKER),
    "other_kill": lambda: try_out(CAP, "os.kill(os.getpid(), 9)"),
    "unlimited": unlimited,
    "with_swap": lambda: try_out(SWAPPING, TOO_MUCH),
    "stub_error": lambda: try_out(Limits(), "pass", affinity=[4096]),
    "killed": killed,
    "swept": swept,
    "left": lambda: _left(),
}


def over_link() -> dict[str, Any]:
    """A payload over a link that the kernel's emulator shapes; a long one, because an emulated processor is slow."""
    from harness import link
    from harness.network import CONNECTIONS, Link, Payload

    reasons = {state.id: state.reason for state in link.states()}
    if reasons["netem"] is not None:
        return {"states": reasons}
    measured = link.measure(Link(20e6, 0.3), Payload(60_000, 500), tries=5, means="netem")
    found: dict[str, Any] = {c: {"seconds": measured.samples(c), "formula": measured.formula(c)} for c in CONNECTIONS}
    return {"states": reasons, "means": measured.shape, **found}


def report(situation: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"situation": situation, "uid": os.getuid(), "kernel": os.uname().release}
    facts["cgroup"] = Path("/proc/self/cgroup").read_text().strip()
    checks = {**CHECKS, "link": over_link} if situation == "bare-root" else CHECKS
    for name, check in checks.items():
        try:
            facts[name] = check()
        except Exception:
            facts[name] = {"error": traceback.format_exc()}
    return facts


def _run(group: Group, argv: list[str], **order: Any) -> dict[str, Any]:
    started = start(group.join, argv, **order)
    group.adopt(started.process.pid)
    exit_code, printed, status = started.finish(120)
    return {
        "code": exit_code,
        "printed": printed.split(),
        "status": status,
        "usage": msgspec.to_builtins(group.usage()),
        "major_faults": group.major_faults(),
        "pid": started.process.pid,
    }


def _fork_harness() -> tuple[int, TextIO]:
    """Another harness, its pid and what it says: its group, and the two processes of the trial in it."""
    said, answer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(answer)
        return pid, os.fdopen(said)
    try:
        group = _group_of(limits.open_group(Limits(memory_bytes=64 * MIB), "doomed"))
        trial = start(group.join, python(FAMILY)).process
        os.write(answer, f"{group.path} {_line(trial).strip()} {_line(trial)}".encode())
        signal.pause()
    finally:
        os._exit(1)


def _alive(pids: Iterable[str]) -> list[int]:
    return [int(pid) for pid in pids if start_time(int(pid))]


def _left() -> list[str]:
    """Groups of trials that are still there: none should be; the scope and the leaf of a living harness may."""
    unified = hierarchy.unified()
    assert unified is not None
    found = [p for p in unified.mount.rglob(f"{PREFIX}*") if p.is_dir() and p.suffix != ".scope"]
    return [str(path) for path in found if path.name != f"{PREFIX}leaf"]


def _group_of(group: Group) -> CgroupGroup:
    assert isinstance(group, CgroupGroup)
    return group


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def main(situation: str, port: str) -> None:
    line = json.dumps(report(situation)) + "\n"
    with Path(port).open("w") as serial:
        serial.write(line)
        serial.flush()
        if serial.isatty():
            termios.tcdrain(serial.fileno())
