"""What tools that poll would have said: a process that looks at a program's resident memory every 10 ms, by psutil.

``python -m tests.truth.poller SOCKET OUT`` is that process. A program connects, says who it is and waits for the first
look; from then on it and all its children are looked at until it says that it has ended, and once more then: a poller
that goes on sees what stays. What was seen goes to OUT, a line of JSON each. ``beside`` runs one next to a run, and
``Polled`` reads what it saw.
"""

from __future__ import annotations

import json
import random
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import psutil

from harness.model.measure import Stage
from harness.model.record import Record
from tests.truth.programs import Scope, name_of
from tests.truth.running import within

ENVIRONMENT = "TIERBENCH_TRUTH_POLLER"
INTERVAL_SECONDS = 0.01
ROOT = Path(__file__).parents[2]
PARTS: dict[Stage, str] = {"load": "load", "timed": "step"}


def main(address: str, out: Path) -> None:
    """Look at one program after the other, for ever."""
    with socket.socket(socket.AF_UNIX) as server, out.open("w") as lines:
        server.bind(address)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            with connection:
                lines.write(json.dumps(watch(connection)) + "\n")
                lines.flush()


def watch(connection: socket.socket) -> dict[str, Any]:
    """Look at the program at the other end until it says something, or is gone."""
    said = json.loads(connection.recv(4096))
    process = psutil.Process(said["pid"])
    began, seen = datetime.now(UTC).isoformat(), [resident(process)]
    connection.sendall(b"go")
    due = perf_counter() + random.uniform(0, INTERVAL_SECONDS)  # a poller knows nothing of when a program begins
    with suppress(psutil.NoSuchProcess, BrokenPipeError):
        while not select.select([connection], [], [], max(0.0, due - perf_counter()))[0]:
            seen.append(resident(process))
            due = max(due + INTERVAL_SECONDS, perf_counter())
        seen.append(resident(process))
        connection.sendall(b"go")
    grown = {scope: max(look[scope] for look in seen) - seen[0][scope] for scope in seen[0]}
    return {**said, "began": began, "grown": grown, "looks": len(seen)}


def resident(process: psutil.Process) -> dict[str, int]:
    """Resident bytes of the process, and the sum over it and all its children, which is what such tools show."""
    own = tree = process.memory_info().rss
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            tree += child.memory_info().rss
    return {"process": own, "tree": tree}


@dataclass(frozen=True)
class Polled:
    """What the poller saw, in the order in which it saw it."""

    looks: tuple[dict[str, Any], ...]

    def grown(self, record: Record, stage: Stage, scope: Scope) -> int | None:
        """By how many bytes it saw the program of a record grow in a stage, at most; None where it saw none of it."""
        of_it = [look for look in self.looks if (look["program"], look["part"]) == (name_of(record), PARTS[stage])]
        seen = [look["grown"][scope] for look in of_it if within(record, datetime.fromisoformat(look["began"]))]
        timed = seen[1:] if stage == "timed" else seen  # the first step was the warm-up
        return max(timed, default=None)


@contextmanager
def beside(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """A poller at work: what to add to the environment of what it is to look at, and the file that it writes."""
    out = folder / "polled.jsonl"
    with TemporaryDirectory(prefix="tierbench-poller-") as short:  # a socket's path may have 107 characters
        address = Path(short) / "socket"
        command = [sys.executable, "-m", "tests.truth.poller", str(address), str(out)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise RuntimeError("the poller did not start")
            yield {ENVIRONMENT: str(address)}, out
        finally:
            process.kill()
            process.communicate()


def polled(out: Path) -> Polled:
    """What a poller wrote."""
    return Polled(tuple(json.loads(line) for line in out.read_text().splitlines()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
