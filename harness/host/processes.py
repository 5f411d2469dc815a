"""Processes as ``/proc`` shows them: by numbers only, since their names are anyone's bytes."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from harness.host.files import HERE, Files

if TYPE_CHECKING:
    import subprocess

PARENT, SESSION, START = 1, 3, 19
"""Places in what ``stat_fields`` gives."""


def pids(files: Files = HERE) -> list[int]:
    """The processes that can be seen."""
    return [int(name) for name in files.names("proc") if name.isdecimal()]


def stat_fields(pid: int, files: Files = HERE) -> list[str] | None:
    """The fields of ``/proc/PID/stat`` from the third (state) on, None where there is no such process."""
    text = files.text(f"proc/{pid}/stat")
    fields = text.rpartition(")")[2].split() if text else []
    return fields if len(fields) > START and fields[PARENT].isdecimal() and fields[START].isdecimal() else None


def parent(pid: int, files: Files = HERE) -> int | None:
    """The process's parent; None where it is gone."""
    fields = stat_fields(pid, files)
    return int(fields[PARENT]) if fields else None


def has_ended(pid: int, files: Files = HERE) -> bool:
    """Whether the process is gone, or dead and not yet waited for."""
    fields = stat_fields(pid, files)
    return fields is None or fields[0] in "ZX"


def end_of(process: subprocess.Popen[bytes]) -> int:
    """A descriptor that can be read once the child has ended; to be closed by the caller.

    Linux has one for any process since 5.3. Before, and where a sandbox refuses it, a thread waits and closes a pipe.
    """
    try:
        return os.pidfd_open(process.pid)
    except (OSError, AttributeError):
        ends, ended = os.pipe()
        threading.Thread(target=_close_at_end, args=(process, ended), daemon=True).start()
        return ends


def _close_at_end(process: subprocess.Popen[bytes], descriptor: int) -> None:
    process.wait()
    os.close(descriptor)


def descendants(pid: int, files: Files = HERE) -> list[int]:
    """The process and all that it and its children have started, themselves still children of one of them."""
    children: dict[int, list[int]] = {}
    for each in pids(files):
        above = parent(each, files)
        if above is not None:
            children.setdefault(above, []).append(each)
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def status_bytes(text: str, field: str) -> int | None:
    """A field of the text of ``/proc/PID/status`` in bytes, None where the kernel does not give it."""
    for line in text.splitlines():
        words = line.split()
        if line.startswith(field + ":") and len(words) > 1 and words[1].isdecimal():
            return int(words[1]) * 1024
    return None


def own_bytes(field: str, files: Files = HERE) -> int | None:
    """A field of this process's own ``status`` in bytes, such as VmHWM; None where the kernel does not give it."""
    return status_bytes(files.text("proc/self/status") or "", field)
