"""Runs programs through the command line, from a parent that holds 700 MiB, and reads the record file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from harness import limits, store
from harness.model.record import Record, Run
from tests.truth.programs import MIB, MORE_SUITES, Measured

CONTENT = Path(__file__).parent / "content"
BALLAST = 700 * MIB
USABLE = [state.id for state in limits.states() if state.reason is None]
"""The means of enforcement that this machine offers, best first."""
PARENT = f"""
import ctypes, mmap, runpy, sys
ballast = mmap.mmap(-1, {BALLAST}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(ballast)), 1, {BALLAST})
resident = next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmRSS"))
assert resident >= {BALLAST}, resident
runpy.run_module("harness", run_name="__main__")
"""


def tierbench(folder: Path, cache: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Run:
    """``tierbench run`` with one process a trial's replicate; the run is left in ``folder``. Raises RuntimeError."""
    out = folder / "run"
    command = ["run", *arguments, "-I", str(CONTENT), "--processes", "1", "--no-report", "--out", str(out)]
    told = told_folder(folder)
    told.mkdir(exist_ok=True)
    known = {**os.environ, "TIERBENCH_CACHE": str(cache), "TIERBENCH_TRUTH": str(told), **(environment or {})}
    known.pop(limits.FORCE, None)
    done = subprocess.run(
        [sys.executable, "-P", "-c", PARENT, *command],
        cwd=folder,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return store.read(out)


def told_folder(folder: Path) -> Path:
    """Where the programs of a run tell what they alone know."""
    return folder / "told"


def told(folder: Path) -> dict[str, int]:
    """What they told, in bytes."""
    return {path.name: int(path.read_text()) for path in told_folder(folder).iterdir()}


def by_means(folder: Path, cache: Path, means: str) -> Measured:
    """The suite ``truth``, each program once uncapped and once under a limit that holds, by one means."""
    run = tierbench(folder, cache, "truth", "--quick", "-p", "truth-board", "--means", means)
    return Measured(means, run, told(folder))


def by_best_means(folder: Path, cache: Path, *suites: str, environment: Mapping[str, str] | None = None) -> Measured:
    """The same of other suites, all but ``truth`` where none is named, by the best means there is."""
    means = [*USABLE, "none"][0]
    options = ("--quick", "-p", "truth-board", "--means", means)
    run = tierbench(folder, cache, *(suites or MORE_SUITES), *options, environment=environment)
    return Measured(means, run, told(folder))


def within(record: Record, moment: datetime) -> bool:
    """Whether that was while the trial ran."""
    began = datetime.fromisoformat(record.started)
    return began <= moment <= began + timedelta(seconds=record.wall_seconds)
