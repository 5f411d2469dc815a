"""Starts the programs that are compared, and single trials as the engine starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from msgspec.structs import replace

from harness import collect, host
from harness.engine.assemble import assemble
from harness.engine.prepared import Preparation
from harness.executors.local import LocalExecutor
from harness.model.case import HOST, Case, Limits, Pace, Role, Trial, WorkloadRef
from harness.model.events import ChildEvent
from harness.model.outcome import Ok
from harness.model.record import Record

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SUITES = HERE / "suites"
BARE = HERE / "bare"
TIERBENCH = Path(sys.executable).with_name("tierbench")


def call(*command: object, **environment: str) -> str:
    """Run a command from the repository's root and return what it prints. Raises RuntimeError where it fails."""
    ended = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(SUITES / "perf"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {ended.returncode}\n{ended.stderr[-2000:]}")
    return ended.stdout


def seconds(work: Callable[[], object]) -> float:
    """Wall time of ``work``, in seconds."""
    start = perf_counter()
    work()
    return perf_counter() - start


ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""The environment that gives the libraries one thread, as a trial's does."""


def trial(rows: int, role: Role, pace: Pace) -> Trial:
    """A trial of ``perf/dense`` on this machine, on one thread."""
    return _trial(lambda ref: ref.parameters == {"rows": rows}, "torch-eager", role, pace)


def busy_trial(pace: Pace, number: int = 0) -> Trial:
    """A timing trial of ``perf/busy``, a step of about a millisecond in Python, as the process of that number."""
    return replace(_trial(lambda ref: ref.name == "busy", "python", "timing", pace), replicate=number)


def shipped_trial(suite: str, name: str, runtime: str, pace: Pace) -> Trial:
    """A timing trial of a shipped workload at its quick point, on one thread of this machine."""
    loaded = collect.load_suite(collect.SuiteFile(suite, ROOT / "suites" / suite / "suite.py"))
    (ref,) = [ref for ref in collect.quick_references(loaded) if ref.name == name]
    return Trial(Case(ref, HOST, "cpu", "cpu", runtime, "float32"), "timing", 0, Limits(threads=1), pace)


def _trial(wanted: Callable[[WorkloadRef], bool], runtime: str, role: Role, pace: Pace) -> Trial:
    suite = collect.load_suite(collect.SuiteFile("perf", SUITES / "perf" / "suite.py"))
    (ref,) = collect.references(suite, wanted)
    return Trial(Case(ref, HOST, "cpu", "cpu", runtime, "float32"), role, 0, Limits(threads=1), pace)


class Trials:
    """Runs single trials through the executor, prepared and with their files read beforehand, as the engine does."""

    def __init__(self, cache: Path, sensors: Path = Path("/")) -> None:
        """``sensors`` is the root below which the sampler finds clocks and temperatures."""
        environment = host.environment()
        self.cache = cache
        self._executor = LocalExecutor(cache, sensors=sensors)
        self._preparation = Preparation(cache, {**environment.packages, "tierbench": environment.tierbench})

    def prepare(self, wanted: Trial) -> None:
        """Fill the caches of a work that has none yet. Raises RuntimeError where that fails."""
        for missing in self._preparation.missing([wanted]):
            self._execute(missing, (), lambda _event: None)

    def known(self, wanted: Trial) -> Trial:
        """The trial as a child of prepared work is told of it."""
        return self._preparation.known(wanted).trial

    def run(self, wanted: Trial, listen: Callable[[ChildEvent], None] = lambda _event: None) -> Record:
        """The record of one trial of prepared work. Raises RuntimeError where it does not end well."""
        known = self._preparation.known(wanted)
        return self._execute(known.trial, known.files, listen)

    def _execute(self, wanted: Trial, files: tuple[str, ...], listen: Callable[[ChildEvent], None]) -> Record:
        events: list[ChildEvent] = []

        def hear(event: ChildEvent) -> None:
            events.append(event)
            listen(event)

        started = datetime.now(UTC).isoformat()
        ending = self._executor.execute(wanted, files, hear, lambda: False)
        record = assemble(wanted, events, ending, started)
        if not isinstance(record.outcome, Ok):
            raise RuntimeError(f"{record.trial_id}: {record.outcome}\n{record.output_tail}")
        return record
