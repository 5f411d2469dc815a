"""Waiting for a child without spinning: its events, its end, its time limit, and whether it makes headway."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from harness.limits import Group
from harness.model import codec
from harness.model.case import Trial
from harness.model.events import ChildEvent

TICK_SECONDS = 1.0
"""How often a limited child's page faults are looked at; an unlimited one is only waited for."""
STALL_PAGES_PER_SECOND = 50
STALL_SECONDS = 15.0
"""A child that reads the same pages from disk again, at this rate and for this long, makes no headway."""
PIPE_BYTES = 1 << 16
GARBAGE_LIMIT = 1 << 26


@dataclass
class Seen:
    """What the watch found out."""

    timed_out: bool = False
    cancelled: bool = False
    stalled_faults: int | None = None
    launch_error: str | None = None


@dataclass
class Stall:
    """Whether a count of pages read again has grown at a stalling rate over the last ``STALL_SECONDS``."""

    _counts: deque[tuple[float, int]] = field(default_factory=deque)

    def is_on(self, now: float, count: int | None) -> bool:
        """Take the count at ``now``, in seconds; None, where it cannot be told, is never a stall."""
        if count is None:
            return False
        self._counts.append((now, count))
        while now - self._counts[0][0] > STALL_SECONDS and now - self._counts[1][0] >= STALL_SECONDS:
            self._counts.popleft()
        began, before = self._counts[0]
        return now - began >= STALL_SECONDS and count - before >= STALL_PAGES_PER_SECOND * (now - began)


@dataclass
class Watcher:
    """Watches one child until it is gone and has been reaped."""

    trial: Trial
    group: Group
    process: subprocess.Popen[bytes]
    events: int
    status: int
    _seen: Seen = field(default_factory=Seen)
    _pending: bytearray = field(default_factory=bytearray)
    _complaint: bytearray = field(default_factory=bytearray)
    _stall: Stall = field(default_factory=Stall)

    def watch(self, on_event: Callable[[ChildEvent], None], cancelled: Callable[[], bool]) -> Seen:
        """Pass events on as they come; kill the child at its time limit, on a stall or when cancelled."""
        deadline = time.monotonic() + self.trial.timeout_seconds
        pidfd = os.pidfd_open(self.process.pid)
        with selectors.DefaultSelector() as selector:
            for descriptor in (self.events, self.status, pidfd):
                selector.register(descriptor, selectors.EVENT_READ)
            try:
                self._loop(selector, pidfd, deadline, on_event, cancelled)
            finally:
                self._end(pidfd)
        self._seen.launch_error = self._complaint.decode("utf-8", "replace").strip() or None
        return self._seen

    def _loop(
        self,
        selector: selectors.BaseSelector,
        pidfd: int,
        deadline: float,
        on_event: Callable[[ChildEvent], None],
        cancelled: Callable[[], bool],
    ) -> None:
        while True:
            ready = {key.fd for key, _ in selector.select(self._patience(deadline))}
            if self.status in ready and not self._read(self.status, self._complaint):
                selector.unregister(self.status)
            if self.events in ready:
                if not self._read(self.events, self._pending):
                    selector.unregister(self.events)
                self._dispatch(on_event)
            if pidfd in ready:
                self._drain(on_event)
                return
            if self._must_stop(deadline, cancelled):
                return

    def _patience(self, deadline: float) -> float:
        left = max(0.0, deadline - time.monotonic())
        return min(left, TICK_SECONDS)

    def _must_stop(self, deadline: float, cancelled: Callable[[], bool]) -> bool:
        self._seen.cancelled = cancelled()
        self._seen.timed_out = time.monotonic() >= deadline
        if self.trial.limits.memory_bytes is not None and self._stall.is_on(time.monotonic(), self._reread()):
            self._seen.stalled_faults = self.group.major_faults()
        return self._seen.cancelled or self._seen.timed_out or self._seen.stalled_faults is not None

    def _reread(self) -> int | None:
        """Pages read again after they had to be let go of; where the kernel does not count those, major faults."""
        refaults = self.group.refaults()
        return refaults if refaults is not None else self.group.major_faults()

    @staticmethod
    def _read(descriptor: int, into: bytearray) -> bool:
        data = os.read(descriptor, PIPE_BYTES)
        into += data
        return bool(data)

    def _drain(self, on_event: Callable[[ChildEvent], None]) -> None:
        for descriptor, into in ((self.events, self._pending), (self.status, self._complaint)):
            os.set_blocking(descriptor, False)
            with suppress(BlockingIOError):
                while self._read(descriptor, into):
                    pass
        self._dispatch(on_event)

    def _dispatch(self, on_event: Callable[[ChildEvent], None]) -> None:
        *lines, rest = bytes(self._pending).split(b"\n")
        self._pending[:] = rest[-GARBAGE_LIMIT:]
        for line in lines:
            with suppress(codec.FormatError):  # a workload that wrote into our descriptor cannot spoil the rest
                on_event(codec.decode_event(line))

    def _end(self, pidfd: int) -> None:
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.group.kill()
        self.process.wait()
        for descriptor in (self.events, self.status, pidfd):
            os.close(descriptor)
