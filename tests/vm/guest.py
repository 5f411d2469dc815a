"""Runs inside the virtual machine: exercises harness.limits for real and reports facts as one line of JSON.

Usage: guest.py SITUATION PORT. It only observes; the assertions are in test_vm_limits.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import termios
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from stubkit import MIB, python, start

from harness import limits, link
from harness.limits import Group, hierarchy
from harness.limits.cgroup import CgroupGroup
from harness.limits.owner import PREFIX, start_time
from harness.limits.removal import members
from harness.model.case import Limits
from harness.network import CONNECTIONS, Link, Payload

CAP = Limits(memory_bytes=40 * MIB, cores=4, threads=4)
WORKER = "pid = os.fork() or hold(80) and os._exit(0)\nos.waitpid(pid, 0); print('well')"
PEAK = """
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
HARNESS = f"""
import sys
sys.path[:0] = {sys.path!r}
from harness.limits import open_group
from harness.model.case import Limits
from stubkit import python, start
group = open_group(Limits(memory_bytes=64 << 20), "doomed")
trial = start(group.join, python({FAMILY!r}))
print(group.path, trial.process.stdout.readline(), trial.process.stdout.readline(), flush=True)
sys.stdin.read()
"""


def try_out(limit: Limits, code: str, *arguments: str, **order: Any) -> dict[str, Any]:
    """Run ``code`` in a group of its own and tell how it ended."""
    with limits.open_group(limit, "trial") as group:
        started = start(group.join, [*python(code), *arguments], **order)
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


def opened() -> dict[str, Any]:
    with limits.open_group(CAP, "look") as group:
        return {
            "means": group.means,
            "enforced": msgspec.to_builtins(group.enforced()),
            "prefix": bool(group.join.prefix),
            "reset": group.watch.reset if group.watch else None,
        }


def peak() -> dict[str, Any]:
    with limits.open_group(Limits(), "peak") as group:
        assert group.watch is not None
        assert group.watch.peak is not None
        argv = [*python(PEAK), group.watch.peak, group.watch.reset or ""]
        exit_code, printed, _ = start(group.join, argv).finish(120)
        return {"code": exit_code, "figures": [int(word) for word in printed.split()]}


def killed() -> dict[str, Any]:
    group = limits.open_group(Limits(), "kill")
    started = start(group.join, python(FAMILY))
    group.adopt(started.process.pid)
    pids = [int(_line(started.process)) for _ in range(2)]
    inside = _inside(group)
    group.kill()
    alive = [pid for pid in pids if start_time(pid)]
    started.finish()
    group.close()
    return {"inside": len(inside), "expected": len(set(inside) & set(pids)), "alive": alive}


def swept() -> dict[str, Any]:
    with subprocess.Popen([sys.executable, "-c", HARNESS], stdin=-1, stdout=-1, text=True) as doomed:
        path, first = _line(doomed).split()
        pids = [int(first), int(_line(doomed))]
        spared = limits.sweep()
        doomed.kill()
    alive_before = len([pid for pid in pids if start_time(pid)])
    said = limits.sweep()
    return {
        "spared": spared,
        "alive_before": alive_before,
        "said": said,
        "path": path,
        "exists": Path(path).exists(),
        "alive": [pid for pid in pids if start_time(pid)],
    }


CHECKS: dict[str, Callable[[], Any]] = {
    "states": lambda: {state.id: state.reason for state in limits.states()},
    "opened": opened,
    "oom": lambda: try_out(CAP, "hold(80)"),
    "worker_oom": lambda: try_out(CAP, WORKER),
    "other_kill": lambda: try_out(CAP, "os.kill(os.getpid(), 9)"),
    "unlimited": lambda: try_out(Limits(), "print(os.getpid()); hold(24)"),
    "without_swap": lambda: try_out(Limits(memory_bytes=32 * MIB), "hold(44)"),
    "with_swap": lambda: try_out(Limits(memory_bytes=32 * MIB, swap_bytes=32 * MIB), "hold(44)"),
    "stub_error": lambda: try_out(Limits(), "pass", affinity=[4096]),
    "peak": peak,
    "killed": killed,
    "swept": swept,
    "left": lambda: _left(),
}


def over_link() -> dict[str, Any]:
    """A payload over a link that the kernel's emulator shapes; a long one, because an emulated processor is slow."""
    reasons = {state.id: state.reason for state in link.states()}
    if reasons["netem"] is not None:
        return {"states": reasons}
    measured = link.measure(Link(20e6, 0.3), Payload(60_000, 500), tries=5, means="netem")
    found = {c: {"seconds": measured.samples(c), "formula": measured.formula(c)} for c in CONNECTIONS}
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


def _left() -> list[str]:
    """Groups of trials that are still there: none should be; the scope and the leaf of a living harness may."""
    unified = hierarchy.unified()
    assert unified is not None
    found = [p for p in unified.mount.rglob(f"{PREFIX}*") if p.is_dir() and p.suffix != ".scope"]
    return [str(path) for path in found if path.name != f"{PREFIX}leaf"]


def _inside(group: Group) -> list[int]:
    assert isinstance(group, CgroupGroup)
    return members(group.path)


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


if __name__ == "__main__":
    main(*sys.argv[1:])
