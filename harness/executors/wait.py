"""Waiting for a child without spinning: its events, its end, its time limit, and whether it makes headway."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from harness.limits import Group
from harness.model import codec
from harness.model.case import Trial
from harness.model.events import ChildEvent

TICK_SECONDS = 1.0
"""How often a limited child's page faults are looked at; an unlimited one is only waited for."""
STALL_FAULTS_PER_SECOND = 500
STALL_SECONDS = 15.0
"""A child under a limit that reads from disk at this rate for this long makes no headway."""
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
    _stall_since: float | None = None
    _last: tuple[float, int] | None = None

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
        stalled = self._stalled() if self.trial.limits.memory_bytes is not None else None
        if stalled is not None or (self._seen.timed_out and self._thrashed()):
            self._seen.stalled_faults = stalled if stalled is not None else self.group.major_faults()
        return self._seen.cancelled or self._seen.timed_out or stalled is not None

    def _thrashed(self) -> bool:
        return self._stall_since is not None

    def _stalled(self) -> int | None:
        """Faults so far if the child has been reading from disk at a stalling rate for too long, else None."""
        now, faults = time.monotonic(), self.group.major_faults()
        if faults is None:
            return None
        before, self._last = self._last, (now, faults)
        if before is None or now - before[0] < TICK_SECONDS / 2:
            self._last = before or self._last
            return None
        rate = (faults - before[1]) / (now - before[0])
        if rate < STALL_FAULTS_PER_SECOND:
            self._stall_since = None
        elif self._stall_since is None:
            self._stall_since = before[0]
        elif now - self._stall_since >= STALL_SECONDS:
            return faults
        return None

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
