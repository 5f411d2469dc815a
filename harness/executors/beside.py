"""The sampler beside a trial: started where there is something to look at, told the stages, asked for its samples."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from harness.asking import child_code
from harness.host import cpu
from harness.host.files import Files
from harness.model import codec
from harness.model.case import Trial
from harness.model.events import ChildEvent, Ended, Measured, StageBegan
from harness.model.sensors import CLOCK_FILES, NVIDIA_FILE, ZONE_FILES

ROLES = frozenset({"timing", "energy"})
_LEAVE_SECONDS = 5.0

OnEvent = Callable[[ChildEvent], None]


def readable(root: Path, gpu: bool) -> bool:
    """Whether there is a clock, a thermal zone or, where it is used, a GPU to look at."""
    files = Files(root)
    if gpu and files.exists(NVIDIA_FILE):
        return True
    return bool(files.matching(CLOCK_FILES.format(cpu="*")) or files.matching(ZONE_FILES))


class Beside:
    """One sampler process, as long as its trial. Without anything to look at there is none; all calls do nothing."""

    def __init__(self, trial: Trial, cores: tuple[int, ...] | None, environment: Mapping[str, str], root: Path) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._timed = False
        gpu = trial.case.device == "gpu"
        if trial.role in ROLES and readable(root, gpu):
            used = sorted(cores if cores is not None else cpu.usable())
            order = json.dumps({"root": str(root), "cores": used, "gpu": gpu})
            self._process = _start(order, environment)

    def listen(self, on_event: OnEvent) -> OnEvent:
        """``on_event``, telling the sampler of each timed stage and its end on the way."""

        def listening(event: ChildEvent) -> None:
            self._follow(event)
            on_event(event)

        return on_event if self._process is None else listening

    def finish(self, on_event: OnEvent) -> None:
        """End the sampler and pass on what it saw."""
        if self._process is None:
            return
        try:
            said, _ = self._process.communicate(timeout=_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            said = b""
        for line in said.splitlines():
            with suppress(codec.FormatError):
                on_event(codec.decode_event(line))

    def close(self) -> None:
        """Kill the sampler where it is still there."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _follow(self, event: ChildEvent) -> None:
        if isinstance(event, StageBegan):
            self._timed = event.stage == "timed"
            self._tell(event.stage)
        elif self._timed and isinstance(event, Measured | Ended):  # its first figures come when the stage is over
            self._timed = False
            self._tell("")

    def _tell(self, stage: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(f"{stage}\n".encode())
                self._process.stdin.flush()


def _start(order: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    entry = child_code("from harness.sampler import main; main(sys.argv[1])")
    return subprocess.Popen(
        [sys.executable, "-P", "-c", entry, order],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
        start_new_session=True,
    )
