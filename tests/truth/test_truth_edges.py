"""Every verdict at and around the edge of a limit, against a bare control group of the same limit without a watcher."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.engine.assemble import assemble
from harness.executors.local import LocalExecutor, artefacts_directory
from harness.model.case import HOST, Case, Limits, Pace, Trial, WorkloadRef
from harness.model.outcome import Outcome
from harness.model.units import MIB
from tests.truth import bare
from tests.truth.edges import DOES_NOT_FIT, FITS, THRASHES, TIMED_OUT, borne_by, verdict
from tests.truth.programs import KERNEL_GROUPS
from tests.truth.running import CONTENT, USABLE

pytestmark = [pytest.mark.slow, pytest.mark.skipif(USABLE[0] not in KERNEL_GROUPS, reason="needs a control group")]
LIMIT = 64 * MIB
PATIENCE = 20.0
FILE_MIB = 112


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    with (folder / "edges.bin").open("wb") as file:
        for _ in range(FILE_MIB):
            file.write(os.urandom(MIB))
        file.flush()
        os.fsync(file.fileno())
    return folder


def trial(anonymous: int = 8, mapped: int = 8, reads: int = 1, first: int = 0, more: int = 0) -> Trial:
    points = {"anonymous": anonymous, "mapped": mapped, "reads": reads, "first": first, "more": more}
    work = WorkloadRef("edges", "edge", str(CONTENT / "suites" / "edges.py"), points)
    case = Case(work, HOST, "cpu", "cpu", "python", "float32")
    return Trial(case, "ceiling", 0, Limits(memory_bytes=LIMIT), Pace(), 60.0, patience_seconds=PATIENCE)


def ours(one: Trial, cache: Path) -> Outcome:
    events: list = []
    ending = LocalExecutor(cache, USABLE[0]).execute(one, (str(cache / "edges.bin"),), events.append, lambda: False)
    return assemble(one, events, ending, "now").outcome


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ({}, FITS),
        ({"anonymous": 24, "mapped": 8}, FITS),
        ({"anonymous": 80, "mapped": 0}, DOES_NOT_FIT),
        ({"mapped": FILE_MIB}, THRASHES),
        ({"anonymous": 24, "mapped": FILE_MIB}, THRASHES),
        ({"anonymous": 80, "mapped": FILE_MIB}, DOES_NOT_FIT),
        ({"mapped": FILE_MIB, "reads": 6, "first": 64}, DOES_NOT_FIT),
        ({"mapped": FILE_MIB, "reads": 2, "more": 20}, DOES_NOT_FIT),
        ({"mapped": 8, "more": 24}, DOES_NOT_FIT),
    ],
)
def test_a_verdict_is_what_the_bare_group_bears(points: dict[str, int], said: str, cache: Path) -> None:
    """A file larger than the limit is read again and again; what is taken besides is what the kernel kills for."""
    one = trial(**points)
    control = bare.run(one, (str(cache / "edges.bin"),), cache, artefacts_directory(cache, one), seconds=3 * PATIENCE)
    assert said in borne_by(control, PATIENCE), control
    assert verdict(ours(one, cache)) == said, control


def test_what_completes_no_step_in_its_time_timed_out_while_thrashing(cache: Path) -> None:
    one = replace(trial(mapped=FILE_MIB, reads=100_000), patience_seconds=3.0)
    assert verdict(ours(one, cache)) == TIMED_OUT
