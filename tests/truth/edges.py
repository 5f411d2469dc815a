"""``python -m tests.truth.edges``: a suite on limits around its needs, each verdict against a bare control group."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from harness import api, plan, store
from harness.engine import LEAST_PATIENCE_SECONDS
from harness.engine.decision import THRASH_FAULTS_PER_STEP
from harness.model import prepared
from harness.model.outcome import DoesNotFit, Ok, Outcome, Thrashes, TimedOut
from harness.model.record import Record, Run
from harness.model.units import MIB
from harness.selection import Selection
from tests.truth import bare
from tests.truth.bare import Bare

FITS, THRASHES, TIMED_OUT, DOES_NOT_FIT = "fits", "thrashes", "timed out while thrashing", "does not fit"
PROFILE = """format = 1
id = "limit-{mib}"
name = "Limit of {mib} MiB"
kind = "generic"
tier = "sbc"
[memory]
nominal = {{ value = {mib}, unit = "MiB", {source} }}
usable = {{ value = {mib}, unit = "MiB", {source} }}
reserve = {{ value = 0, unit = "MiB", {source} }}
[[target]]
id = "cpu"
device = "cpu"
name = "cores"
clusters = [ {{ name = "core", cores = {{ value = 4, unit = "cores", {source} }} }} ]
"""
SOURCE = 'source = "a limit for a test", date = "2026-11", kind = "estimated"'


@dataclass(frozen=True)
class Compared:
    """A work at a limit: our verdict, and how the bare runs went."""

    work: str
    mib: int
    verdict: str
    runs: tuple[Bare, ...]

    @property
    def agrees(self) -> bool:
        """Whether one of the bare runs bears the verdict."""
        return any(self.verdict in borne_by(run) for run in self.runs)


def verdict(outcome: Outcome) -> str:
    """The verdict as it is compared; anything that is none of the four is its own words."""
    match outcome:
        case Ok():
            return FITS
        case Thrashes():
            return THRASHES
        case DoesNotFit():
            return DOES_NOT_FIT
        case TimedOut(thrashing=True):
            return TIMED_OUT
    return str(outcome)


def borne_by(run: Bare, patience: float = LEAST_PATIENCE_SECONDS) -> set[str]:
    """The verdicts that a bare run bears. That time ran out it bears where it took half the patience or more."""
    late = {THRASHES if run.steps else TIMED_OUT, TIMED_OUT} if run.seconds >= patience / 2 else set()
    if run.killed:
        return {DOES_NOT_FIT} | late
    if not run.ended:
        return late
    again = run.steps[1:]
    return ({THRASHES} if again and min(again) >= THRASH_FAULTS_PER_STEP else {FITS, THRASHES}) | late


def measure(
    folder: Path, limits_mib: Sequence[int], selection: Selection, seconds: float, tries: int
) -> Iterator[Compared]:
    """Run the suite on each limit through the product, then bare; ``seconds`` is what a bare run is given at most."""
    profiles = folder / "content" / "hardware_profiles"
    profiles.mkdir(parents=True, exist_ok=True)
    for mib in limits_mib:
        (profiles / f"limit-{mib}.toml").write_text(PROFILE.format(mib=mib, source=SOURCE))
    boards = tuple(f"limit-{mib}" for mib in limits_mib)
    chosen = Selection(
        selection.workloads, quick=True, profiles=("host", *boards), include=(folder / "content", *selection.include)
    )
    done = api.execute(chosen, plan.QUICK, folder / "run", emit=_tell)
    yield from compared(done.data, store.cache_directory(), seconds, tries)


def compared(run: Run, cache: Path, seconds: float, tries: int) -> Iterator[Compared]:
    """Each ceiling record of a run beside bare runs of the same trial."""
    keys = {r.trial.case.work_id: r.trial.settings["work_key"] for r in run.records if "work_key" in r.trial.settings}
    for record in (r for r in run.records if r.trial.role == "ceiling"):
        key = keys[record.trial.case.work_id]
        files = prepared.decode((cache / "prepared" / f"{key}.json").read_bytes()).files
        runs = (bare.run(record.trial, files, cache, cache / "artefacts" / key, seconds) for _ in range(tries))
        yield Compared(record.trial.case.workload.id, _mib(record), verdict(record.outcome), tuple(runs))


def _mib(record: Record) -> int:
    return (record.trial.limits.memory_bytes or 0) // MIB


def _tell(event: object) -> None:
    from harness.cli.progress import line_of

    if line := line_of(event):  # type: ignore[arg-type]
        click.echo(line, err=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("suites", nargs=-1)
@click.option("--limit", "limits_mib", type=int, multiple=True, default=(256, 316, 400, 640), help="MiB; repeatable.")
@click.option("--seconds", default=180.0, help="For a bare run at most.")
@click.option("--tries", default=1, help="Bare runs a case.")
def main(suites: tuple[str, ...], limits_mib: tuple[int, ...], seconds: float, tries: int) -> None:
    """Print each verdict beside the bare runs. Exit code 1 where one is borne by none. Takes minutes."""
    agree = True
    with tempfile.TemporaryDirectory(prefix="tierbench-edges-") as folder:
        for found in measure(Path(folder), limits_mib, Selection(suites or ("vision",)), seconds, tries):
            agree &= found.agrees
            word = "" if found.agrees else "  NOT BORNE OUT"
            click.echo(
                f"{found.work} in {found.mib} MiB: {found.verdict}; bare: {'; '.join(map(str, found.runs))}{word}"
            )
    sys.exit(int(not agree))


if __name__ == "__main__":
    main()
