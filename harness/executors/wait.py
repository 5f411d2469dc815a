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

from harness.executors import stub_words
from harness.executors.deadline import Deadline
from harness.executors.speaker import Speaker
from harness.host.memory import page_bytes
from harness.host.processes import end_of
from harness.limits import Group
from harness.model import codec
from harness.model.case import Trial
from harness.model.events import ChildEvent, StageBegan, StepDone
from harness.model.measure import Finding

TICK_SECONDS = 1.0
"""How often the group's kills for memory are looked at, and a limited child's page faults."""
STALL_FAULTS_PER_SECOND = 50
STALL_SECONDS = 10.0
"""A child that is still reading its own pages from disk at this rate when its time is up was not slow but stalled."""
PIPE_BYTES = 1 << 16
GARBAGE_LIMIT = 1 << 26


@dataclass
class Seen:
    """What the watch found out."""

    imported_after: float | None = None
    timed_out_after: float | None = None
    cancelled: bool = False
    stalled_faults: int | None = None
    launch_error: str | None = None
    stranger: int | None = None
    lost_a_process: bool = False
    """The kernel killed for memory in the group: that decides the outcome, so the rest is not waited for."""
    findings: tuple[Finding, ...] = ()
    """Of what the stub could not do, and did without."""

    @property
    def ended(self) -> bool:
        """Whether the child was ended from here."""
        return self.cancelled or self.lost_a_process or not (self.timed_out_after is self.stranger is None)


@dataclass
class Faults:
    """The group's page faults over time, to tell a child that stalls from one that is only slow."""

    group: Group
    limit_pages: int
    _history: deque[tuple[float, int]] = field(default_factory=deque)
    _reread_before: int | None = None

    def look(self, now: float) -> None:
        """Take the faults at ``now``, in seconds; only the last ``STALL_SECONDS`` are kept."""
        faults = self.group.major_faults()
        if faults is None:
            return
        self._history.append((now, faults))
        while len(self._history) > 1 and now - self._history[1][0] >= STALL_SECONDS:
            self._history.popleft()

    def stepped(self) -> None:
        """A step is complete. From the first one on, what is read again is read again for want of memory."""
        if self._reread_before is None:
            self._reread_before = self.group.refaults()

    def reread_everything(self) -> bool:
        """Whether as many pages as the limit holds have been read again since the first step was complete."""
        now, before = self.group.refaults(), self._reread_before
        return now is not None and before is not None and now - before >= self.limit_pages

    def stalled(self) -> bool:
        """Whether a child whose time is up made no headway for want of memory."""
        again = self.group.refaults()
        return self._still_reading() or (again is not None and again >= self.limit_pages)

    def _still_reading(self) -> bool:
        """Whether the child read from disk at a stalling rate all through the last ``STALL_SECONDS``."""
        if not self._history:
            return False
        (began, before), (now, faults) = self._history[0], self._history[-1]
        return now - began >= STALL_SECONDS and faults - before >= STALL_FAULTS_PER_SECOND * (now - began)


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
    _faults: Faults | None = None
    _speaker: Speaker = field(default_factory=Speaker)
    _deadline: Deadline = field(init=False)
    _next_look: float = 0.0

    def __post_init__(self) -> None:
        self._deadline = Deadline(self.trial, time.monotonic())
        limit = self.trial.limits.memory_bytes
        if limit is not None:
            self._faults = Faults(self.group, limit // page_bytes())

    def watch(self, on_event: Callable[[ChildEvent], None], cancelled: Callable[[], bool]) -> Seen:
        """Pass events on as they come; kill the child at its time limit, once the kernel killed, or when cancelled.

        A child that reads its pages again and again is left its time: it may still complete its steps, or the kernel
        kill it.
        """
        pidfd = end_of(self.process)
        with selectors.DefaultSelector() as selector:
            for descriptor in (self.events, self.status, pidfd):
                selector.register(descriptor, selectors.EVENT_READ)
            try:
                self._loop(selector, pidfd, on_event, cancelled)
            finally:
                self._end(pidfd)
        self._seen.launch_error, self._seen.findings = stub_words.parse(bytes(self._complaint))
        return self._seen

    def _loop(
        self,
        selector: selectors.BaseSelector,
        pidfd: int,
        on_event: Callable[[ChildEvent], None],
        cancelled: Callable[[], bool],
    ) -> None:
        while True:
            ready = {key.fd for key, _ in selector.select(self._patience())}
            if self.status in ready and not self._read(self.status, self._complaint):
                selector.unregister(self.status)
            if self.events in ready:
                if not self._read(self.events, self._pending):
                    selector.unregister(self.events)
                self._dispatch(on_event)
            if pidfd in ready:
                self._drain(on_event)
                self._look_back()
                return
            if self._must_stop(cancelled):
                return

    def _patience(self) -> float:
        left = max(0.0, self._deadline.at - time.monotonic())
        return min(left, TICK_SECONDS)

    def _must_stop(self, cancelled: Callable[[], bool]) -> bool:
        now = time.monotonic()
        self._seen.cancelled = cancelled()
        timed_out = now >= self._deadline.at
        self._seen.timed_out_after = self._deadline.seconds if timed_out else None
        if timed_out or now >= self._next_look:
            self._next_look = now + TICK_SECONDS
            self._look(now, timed_out)
        return self._seen.ended

    def _look(self, now: float, timed_out: bool) -> None:
        """Look at what the kernel counts of the group."""
        self._seen.lost_a_process = bool(self.group.oom_kills())
        if self._faults is None:
            return
        self._faults.look(now)
        if timed_out and self._faults.stalled():
            self._seen.stalled_faults = self.group.major_faults()

    def _look_back(self) -> None:
        """The child has ended: whether it came there by reading everything again."""
        if self._faults is not None and self._faults.reread_everything():
            self._seen.stalled_faults = self.group.major_faults()

    def _note(self, event: ChildEvent) -> None:
        stage = event.stage if isinstance(event, StageBegan) else ""
        if stage == "load":
            now = time.monotonic()
            self._seen.imported_after = now - self._deadline.began
            self._deadline.imported(now)
        if self._faults is not None and (stage == "timed" or isinstance(event, StepDone)):
            self._faults.stepped()

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
                event = self._speaker.event(line)
                if event is not None:
                    self._note(event)
                    on_event(event)
        self._seen.stranger = self._speaker.stranger

    def _end(self, pidfd: int) -> None:
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.group.kill()
        self.process.wait()
        for descriptor in (self.events, self.status, pidfd):
            os.close(descriptor)
