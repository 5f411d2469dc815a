"""A systemd scope with delegation: groups of our own for an ordinary user (or root) who is in no delegated cgroup.

One scope holds all groups of a harness process. A keeper (``cat``, reading a pipe of the harness's, so that it ends
when the harness does) keeps it alive in a subgroup of its own; the groups of the trials are beside it. The kernel lets
a user move a process only within a part of the tree that is the user's, and a login session is not. So a trial starts
through ``Join.prefix`` in a scope of its own, from which the stub then moves into the trial's group; the empty scope
goes by itself. ``systemd-run --scope`` execs, so pid, session and descriptors stay what the launcher made them.
"""

from __future__ import annotations

import atexit
import os
import select
import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from harness.host.files import HERE
from harness.limits import cgroup2, owner, removal
from harness.limits.cgroup import CgroupGroup, attempt, build
from harness.limits.files import read, write
from harness.limits.hierarchy import unified
from harness.model.case import Limits

ID = "systemd-scope"
_ANSWER_SECONDS = 10.0
_KEEPER = "cat /proc/self/cgroup && exec cat"


@dataclass
class _Scope:
    keeper: subprocess.Popen[bytes]
    path: Path
    owner: int


_scope: _Scope | None = None


def unusable() -> str | None:
    """Why no scope with the memory controller can be had; None where it can."""
    missing = _missing()
    if missing:
        return missing
    try:
        return attempt(_scope_path(), cgroup2.LAYOUT)
    except OSError as error:
        return str(error)


def open_group(limits: Limits, label: str) -> CgroupGroup:
    """A group of the trial's own in this process's scope. Raises OSError."""
    missing = _missing()
    if missing:
        raise FileNotFoundError(missing)
    group = build(_scope_path(), cgroup2.LAYOUT, ID, limits, label)
    group.join = replace(group.join, prefix=(*_systemd_run(), "--"))
    return group


def sweep() -> list[str]:
    """Remove the scopes of dead harness processes and the groups in them."""
    return removal.sweep(unified())


def _missing() -> str | None:
    if not shutil.which("systemd-run") or not Path("/run/systemd/system").is_dir():
        return "this machine does not run systemd"
    if unified() is None:
        return "no cgroup v2 hierarchy is mounted here"
    if os.getuid() and not HERE.exists(str(_runtime() / "bus")) and "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
        return "no systemd of the user's own answers here (log in through PAM, or: loginctl enable-linger)"
    return None


def _systemd_run() -> list[str]:
    manager = ["--user"] if os.getuid() else []
    return ["env", f"XDG_RUNTIME_DIR={_runtime()}", "systemd-run", *manager, "--scope", "--quiet", "--collect"]


def _runtime() -> Path:
    """Where the user's own systemd listens: ``su`` and ``cron`` leave the variable unset."""
    return Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}"))


def _scope_path() -> Path:
    """The scope of this process, started when first needed. Raises OSError."""
    global _scope
    if _scope and _scope.owner == os.getpid() and _scope.keeper.poll() is None:
        return _scope.path
    _scope = _start()
    return _scope.path


def _start() -> _Scope:
    unit = f"--unit={owner.new_name('keeper')}.scope"
    keeper = subprocess.Popen(
        [*_systemd_run(), unit, "-p", "Delegate=yes", "--", "sh", "-c", _KEEPER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        path = _path_in(_answer(keeper))
        _settle(path, keeper.pid)
    except OSError:
        keeper.kill()
        _release(keeper)
        raise
    atexit.register(_release, keeper, os.getpid())
    return _Scope(keeper, path, os.getpid())


def _release(keeper: subprocess.Popen[bytes], owner_pid: int | None = None) -> None:
    """Let the keeper end and wait for it, unless we are a fork of the process that started it."""
    if owner_pid in (None, os.getpid()):
        keeper.communicate()


def _answer(keeper: subprocess.Popen[bytes]) -> str:
    """What the keeper prints: its cgroups, or why systemd-run failed. Raises OSError."""
    assert keeper.stdout is not None
    text, end = b"", time.monotonic() + _ANSWER_SECONDS
    while b"0::" not in text or not text.endswith(b"\n"):
        ready, _, _ = select.select([keeper.stdout], [], [], max(0.0, end - time.monotonic()))
        piece = os.read(keeper.stdout.fileno(), 4096) if ready else b""
        text += piece
        if not piece:
            raise OSError(_complaint(text.decode(errors="replace")))
    return text.decode(errors="replace")


def _complaint(said: str) -> str:
    return f"systemd-run gave no scope: {' '.join(said.split()) or 'no answer'}"


def _path_in(cgroups: str) -> Path:
    hierarchy = unified()
    line = next((line for line in cgroups.splitlines() if line.startswith("0::")), "")
    path = hierarchy.mount / line[3:].strip("/") if hierarchy else None
    if path is None or not path.is_dir():
        raise OSError(f"the scope {line[3:]} is not to be seen here")
    return path


def _settle(scope: Path, keeper: int) -> None:
    """Move the keeper into a subgroup and hand memory down to those beside it. Raises OSError."""
    if "memory" not in (read(scope / "cgroup.controllers") or "").split():
        raise OSError("the scope has no memory controller (systemd delegates none to this user)")
    (scope / "keeper").mkdir()
    failure = write(scope / "keeper" / "cgroup.procs", str(keeper)) or cgroup2.hand_down(scope)
    if failure:
        raise OSError(failure)
