"""Killing sets of processes, and waiting until the kernel says that they are gone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from harness.host.processes import pids
from harness.limits.owner import session_of

PATIENCE_SECONDS = 5.0
"""For killed processes to go: one that waits for a device cannot die before it wakes."""


def kill_until_gone(members: Callable[[], list[int]]) -> bool:
    """Kill what ``members`` lists until it lists nothing; False where something stayed for PATIENCE_SECONDS."""
    return retry(lambda: not _kill(members()))


def kill_session(leader: int) -> bool:
    """Kill every process of that session; False where something stayed. The leader may be dead, but not another's."""
    return kill_until_gone(lambda: session_members(leader))


def session_members(leader: int) -> list[int]:
    """Living processes of that session, dead and unwaited ones left out."""
    return [pid for pid in pids() if session_of(pid) == leader]


def retry(attempt: Callable[[], bool]) -> bool:
    """Try until it succeeds, with growing pauses from 1 to 50 ms; False after PATIENCE_SECONDS."""
    end, pause = time.monotonic() + PATIENCE_SECONDS, 0.001
    while not attempt():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return True


def _kill(found: list[int]) -> list[int]:
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:
            continue
    return found
