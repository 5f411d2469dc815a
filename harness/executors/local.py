"""This machine: one child a trial, in a group of its own, watched without spinning."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from harness import launch, limits, plugins
from harness.asking import child_code
from harness.errors import MachineError
from harness.executors.beside import Beside
from harness.executors.gpu_idle import GpuIdle, gpu_index
from harness.executors.wait import Watcher
from harness.host import cpu
from harness.limits import Group, Watch, above, mps
from harness.model import codec
from harness.model.case import HELD_STILL, THRESHOLD_KIB, UNDER_LIMITS, Trial
from harness.model.events import ChildEvent
from harness.model.record import Usage
from harness.model.spec import ChildSpec, Ending, TreeWatch

TAIL_BYTES = 4096
WARM_ROLES = frozenset({"need", "gate", "timing", "energy", "composition", "features"})
GATE_ALLOCATOR = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(THRESHOLD_KIB << 10))
_ENTRY = child_code("from harness.worker.__main__ import main; main(int(sys.argv[1]), int(sys.argv[2]))")


@dataclass
class LocalExecutor:
    """Starts children on this machine. ``means`` forces a means of enforcement; None takes the best there is."""

    cache: Path
    means: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    sensors: Path = Path("/")
    """The root below which clocks and temperatures are looked for."""
    gpu: GpuIdle = field(default_factory=GpuIdle)
    handed: str = field(default_factory=plugins.handed)
    """Other packages' entry points, for the children."""

    def execute(
        self,
        trial: Trial,
        files: Sequence[str],
        on_event: Callable[[ChildEvent], None],
        cancelled: Callable[[], bool],
    ) -> Ending:
        """Run ``trial`` in a child; the group and everything in it is gone when this returns."""
        idle = self.gpu.baseline(trial)
        ending = self._execute(trial, files, on_event, cancelled)
        return self.gpu.settled(trial, idle, ending)

    def _execute(
        self,
        trial: Trial,
        files: Sequence[str],
        on_event: Callable[[ChildEvent], None],
        cancelled: Callable[[], bool],
    ) -> Ending:
        group = limits.open_group(trial.limits, trial.id, self.means)
        try:
            with tempfile.TemporaryFile(prefix="tierbench-output-") as output:
                return self._watched(trial, files, group, output, on_event, cancelled)
        except OSError as error:
            raise MachineError(f"cannot start a trial: {error}", hint="see `tierbench doctor`") from error
        finally:
            group.close()

    def close(self) -> None:
        """Nothing outlives a trial here."""

    def _watched(
        self,
        trial: Trial,
        files: Sequence[str],
        group: Group,
        output: IO[bytes],
        on_event: Callable[[ChildEvent], None],
        cancelled: Callable[[], bool],
    ) -> Ending:
        """Run with the sampler beside, whose samples come as events once the child is gone."""
        beside = Beside(trial, group.join.affinity, self._environment(trial), self.sensors)
        try:
            ending = self._run(trial, files, group, output, beside.listen(on_event), cancelled)
            beside.finish(on_event)
        finally:
            beside.close()
        return ending

    def _run(
        self,
        trial: Trial,
        files: Sequence[str],
        group: Group,
        output: IO[bytes],
        on_event: Callable[[ChildEvent], None],
        cancelled: Callable[[], bool],
    ) -> Ending:
        killed_before = above.kills()
        start = time.perf_counter_ns()
        child = _Child.start(self._request(trial, files, group), self._spec(trial, group), group, output)
        watcher = Watcher(trial, group, child.process, child.events, child.status)
        seen = watcher.watch(on_event, cancelled)
        wall = (time.perf_counter_ns() - start) / 1e9
        code, usage = child.process.returncode, group.usage()
        died = code == -signal.SIGKILL and not seen.ended
        return Ending(
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            wall_seconds=wall,
            imported_after=seen.imported_after,
            enforced=group.enforced(),
            usage=usage,
            timed_out_after=seen.timed_out_after,
            stalled_faults=seen.stalled_faults,
            cancelled=seen.cancelled,
            launch_error=seen.launch_error,
            means=group.means,
            output_tail=_tail(output),
            stranger=seen.stranger,
            short_of=_short_of(usage, died, killed_before),
            findings=seen.findings,
        )

    def _request(self, trial: Trial, files: Sequence[str], group: Group) -> dict[str, object]:
        join = group.join
        return {
            "env": {**self._environment(trial), **join.environment},
            "affinity": join.affinity,
            "procs": join.procs,
            "rlimits": join.rlimits,
            "warm": list(files) if trial.role in WARM_ROLES else [],
            "drop": list(files) if trial.role in UNDER_LIMITS else [],
            "parent": os.getpid(),
        }

    def _environment(self, trial: Trial) -> dict[str, str]:
        threads = str(trial.limits.threads or cpu.threads())
        fixed = {
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "PYTHONHASHSEED": "0",
            plugins.HANDED: self.handed,
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "TRANSFORMERS_VERBOSITY": "error",
            "TOKENIZERS_PARALLELISM": "false",
        }
        gate = GATE_ALLOCATOR if trial.role in HELD_STILL else {}
        return {**os.environ, **self.environment, **fixed, **gate, **_gpu(trial)}

    def _spec(self, trial: Trial, group: Group) -> bytes:
        watch = group.watch
        tree = tree_watch(watch) if watch is not None else None
        artefacts = artefacts_directory(self.cache, trial)
        spec = ChildSpec(trial, str(self.cache), str(artefacts), tree, trial.settings.get("prepared_file", ""))
        return codec.encode(spec)


def _short_of(usage: Usage, died: bool, killed_before: int | None) -> str:
    """What there is of memory around the trial, where the kernel killed for want of it and not at the trial's limit.

    Without a group of its own: where it ``died`` by a kill from outside, and such a kill was counted meanwhile.
    """
    if usage.oom_kills is not None:
        return above.available() if usage.oom_kills and usage.at_limit == 0 else ""
    killed = above.kills() if died else None
    counted = killed is not None and killed_before is not None and killed > killed_before
    return above.available() if counted else ""


def tree_watch(watch: Watch) -> TreeWatch:
    """A group's accounts as the child is handed them."""
    return TreeWatch(
        peak=watch.peak,
        current=watch.current,
        reset=watch.reset,
        stat=watch.stat,
        anonymous_key=watch.anonymous_key,
        file_key=watch.file_key,
    )


def _gpu(trial: Trial) -> dict[str, str]:
    """The one GPU that the trial sees, and how much of it where something listens to that."""
    if trial.case.device != "gpu":
        return {}
    share = mps.environment(trial.limits.gpu_percent, mps.is_running())
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(gpu_index(trial)), **share}


def artefacts_directory(cache: Path, trial: Trial) -> Path:
    """Where the runtime keeps what it converted for this work."""
    key = trial.settings.get("work_key", "unprepared")
    return cache / "artefacts" / key


@dataclass
class _Child:
    """A started process with the parent's ends of its pipes."""

    process: subprocess.Popen[bytes]
    events: int
    status: int

    @classmethod
    def start(cls, request: dict[str, object], spec: bytes, group: Group, output: IO[bytes]) -> _Child:
        """Spawn the launch stub, which becomes the worker."""
        pipes = _Pipes()
        try:
            worker = [sys.executable, "-P", "-c", _ENTRY, str(pipes.spec[0]), str(pipes.events[1])]
            request = {**request, "argv": worker, "status_fd": pipes.status[1]}
            process = subprocess.Popen(
                [*group.join.prefix, *launch.command(pipes.request[0])],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=pipes.child_ends,
                start_new_session=True,
            )
            group.adopt(process.pid)
            pipes.close_child_ends()
            _feed(pipes.request[1], json.dumps(request).encode())
            _feed(pipes.spec[1], spec)
        except BaseException:
            pipes.close_all()
            raise
        return cls(process, pipes.events[0], pipes.status[0])


class _Pipes:
    def __init__(self) -> None:
        self.request, self.spec = os.pipe(), os.pipe()
        self.events, self.status = os.pipe(), os.pipe()
        self.child_ends = (self.request[0], self.spec[0], self.events[1], self.status[1])

    def close_child_ends(self) -> None:
        for descriptor in self.child_ends:
            os.close(descriptor)

    def close_all(self) -> None:
        for descriptor in (*self.request, *self.spec, *self.events, *self.status):
            with suppress(OSError):
                os.close(descriptor)


def _feed(descriptor: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as sink:
        sink.write(data)


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - TAIL_BYTES))
    return output.read().decode("utf-8", "replace")
