"""The kernel's word that a cgroup v1 group ran out of memory, where it counts no kills (before Linux 4.13)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from harness.limits.files import write


class OomEvents:
    """Counts the times that the group ran out of memory, each of which has a process killed, from now on."""

    def __init__(self, group: Path) -> None:
        """Ask the kernel to count. Raises OSError, and AttributeError where this Python knows no eventfd."""
        control = os.open(group / "memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._events, self._count = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC), 0
            failure = write(group / "cgroup.event_control", f"{self._events} {control}")
        finally:
            os.close(control)
        if failure:
            self.close()
            raise OSError(failure)

    def count(self) -> int:
        """So far."""
        if self._events >= 0:
            with suppress(BlockingIOError):  # none since
                self._count += os.eventfd_read(self._events)
        return self._count

    def close(self) -> None:
        """Let go; what was counted stays. To be called before the group is removed, which the kernel tells, too."""
        if self._events >= 0:
            self.count()
            os.close(self._events)
            self._events = -1
