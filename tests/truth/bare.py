"""A bare control group: the same work under the same limit, with nobody who watches it or has patience with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import launch, limits
from harness.model import codec
from harness.model.case import Trial
from harness.model.spec import ChildSpec

WORK = f"""
import sys
sys.path.append({str(Path(launch.__file__).parents[1])!r})
from pathlib import Path
from harness import collect, runtimes
from harness.meters.memory import major_faults
from harness.model import codec
from harness.model.spec import ChildSpec
from harness.model.workload import Place
from harness.scenarios.single_stream import MarkTaker
from harness.worker import imports, subject
spec = codec.decode(Path(sys.argv[1]).read_bytes(), ChildSpec)
case = spec.trial.case
workload, runtime = collect.workload(case.workload), runtimes.get(case.runtime)
imports.load((*runtime.imports, *(workload.requires if runtime.builds_in_trial else ())))
place = Place("cpu", case.dtype, spec.trial.seed, Path(spec.cache))
step = subject.load(spec, runtime, workload, place).stepper(MarkTaker())
for _ in range(1 + spec.trial.pace.steps):
    before = major_faults()
    step()
    print("step", major_faults() - before, flush=True)
"""
"""What a trial under a limit does, and nothing else."""


@dataclass(frozen=True)
class Bare:
    """How it went: the major faults of each step that was completed, and whether the kernel killed or it ended."""

    steps: tuple[int, ...]
    killed: bool
    ended: bool
    seconds: float

    def __str__(self) -> str:
        how = "killed by the kernel" if self.killed else "ended" if self.ended else "still going"
        return f"{how} after {self.seconds:.0f} s, {len(self.steps)} steps ({', '.join(map(str, self.steps))} faults)"


def run(trial: Trial, files: Sequence[str], cache: Path, artefacts: Path, seconds: float) -> Bare:
    """Run ``trial``'s work in a group of its limit, its files out of the page cache, for ``seconds`` at most."""
    with (
        tempfile.TemporaryDirectory(prefix="tierbench-bare-") as folder,
        limits.open_group(trial.limits, "bare") as group,
    ):
        spec, out = Path(folder, "spec"), Path(folder, "out")
        spec.write_bytes(codec.encode(ChildSpec(trial, str(cache), str(artefacts))))
        for file in files:
            if Path(file).is_file():
                launch.drop(file)
        enter = f"echo $$ >'{group.join.procs[0]}' && exec \"$@\""
        command = ["sh", "-c", enter, "sh", sys.executable, "-P", "-c", WORK, str(spec)]
        with out.open("w") as sink:
            began = time.monotonic()
            process = subprocess.Popen(
                [*group.join.prefix, *command], env=_environment(trial, group.join.environment), stdout=sink
            )
            try:
                code: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = None
            took = time.monotonic() - began
            killed = bool(group.oom_kills())
            if code is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        lines = out.read_text().splitlines()
    if code not in (None, 0) and not killed:
        raise RuntimeError(f"the bare work ended with {code}")
    return Bare(tuple(int(line.split()[1]) for line in lines if line.startswith("step ")), killed, code == 0, took)


def _environment(trial: Trial, given: dict[str, str]) -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(trial.limits.threads or os.cpu_count()))
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONHASHSEED": "0"}
    return {**os.environ, **threads, **offline, **given}
