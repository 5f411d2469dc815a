"""Processes that are timed in turn: while one runs, the others are stopped, so that all see the same machine.

Each times its calls singly. A call that a turn ended in lasts at least as long as another's turn: it is left out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from typing import Self

import psutil

from harness.model.events import ChildEvent, StageBegan
from harness.stats import median
from tests.perf.processes import start

TURN_SECONDS = 0.25
WORKER = "harness.worker"
"""In the command of a trial's process."""

Ours = Callable[[Callable[[ChildEvent], None]], Sequence[float]]
"""Runs a trial, telling of its events, and gives the times of its calls in seconds."""


class Turns:
    """Lets processes that have been stopped run one after the other, a turn each, until they have ended."""

    def __init__(self, seconds: float = TURN_SECONDS) -> None:
        self._seconds = seconds
        self._all: list[int] = []
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, pids: Sequence[int]) -> None:
        """Stop them all but the first, and go on from there."""
        self._all = list(pids)
        for pid in self._all[1:]:
            _signal(pid, signal.SIGSTOP)
        self._thread = threading.Thread(target=self._go)
        self._thread.start()

    def _go(self) -> None:
        for pid in cycle(self._all):
            if self._over.is_set() or not any(map(_alive, self._all)):
                return
            if _alive(pid):
                _signal(pid, signal.SIGCONT)
                self._over.wait(self._seconds)
                _signal(pid, signal.SIGSTOP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of whatever is still stopped."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        for pid in self._all:
            _signal(pid, signal.SIGCONT)


def medians(ours: Ours, others: Mapping[str, Sequence[object]], number: int = 0) -> dict[str, float]:
    """Median seconds of a call: of ``ours`` under that name, and of each command of ``others``.

    A command prints a JSON list of its times, and stops itself once it has warmed up. ``number`` says whose turn is
    first. Raises RuntimeError where one fails.
    """
    with ExitStack() as stack:
        started = {name: stack.enter_context(running(*command)) for name, command in others.items()}
        for process in started.values():
            await_stop(process)
        turns = stack.enter_context(Turns())

        def listen(event: ChildEvent) -> None:
            if isinstance(event, StageBegan) and event.stage == "timed":
                pids = [_worker(), *(process.pid for process in started.values())]
                first = number % len(pids)
                turns.begin(pids[first:] + pids[:first])

        times = {"ours": ours(listen), **{name: _times(process) for name, process in started.items()}}
    return {name: _median(values) for name, values in times.items()}


@contextmanager
def running(*command: object) -> Iterator[subprocess.Popen[str]]:
    """The command, started; killed in the end where it has not ended."""
    with start(*command) as process:
        try:
            yield process
        finally:
            process.kill()


def await_stop(process: subprocess.Popen[str]) -> None:
    """Return once it has stopped itself. Raises RuntimeError where it ends."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        process.returncode = os.waitstatus_to_exitcode(status)
        raise RuntimeError(f"it ended before it was ready: {process.communicate()[1][-2000:]}")


def _median(times: Sequence[float]) -> float:
    whole = [seconds for seconds in times if seconds < TURN_SECONDS]
    if 2 * len(whole) <= len(times):
        raise RuntimeError(f"of {len(times)} calls only {len(whole)} were shorter than a turn")
    return median(whole)


def _times(process: subprocess.Popen[str]) -> list[float]:
    said, complaint = process.communicate()
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}: {complaint[-2000:]}")
    found: list[float] = json.loads(said)
    return found


def _worker() -> int:
    (pid,) = [child.pid for child in psutil.Process().children() if any(WORKER in part for part in child.cmdline())]
    return pid


def _alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
