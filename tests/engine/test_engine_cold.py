"""A need whose pages were cold is measured once more; where it stays cold it counts only in want of another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from builders import manifest, plan_of, trial
from msgspec.structs import replace

from harness import api, plan, store
from harness.checks import Code
from harness.engine import Engine
from harness.engine.cold import AGAIN
from harness.engine.prepared import Preparation
from harness.model.case import Trial
from harness.model.events import Ended, Measured, Notice
from harness.model.measure import READ_FROM_DISK, TREE_PEAK, Measurement
from harness.model.outcome import Ok
from harness.model.record import Record, Run, Usage
from harness.model.spec import Ending
from harness.model.units import MIB
from harness.selection import Selection
from harness.testing import FakeExecutor, succeed
from harness.verdict import gather

WARM, COLD = 129 * MIB, 167 * MIB


def reading(amounts: list[int]):
    """A script of needs that read so many bytes from disk, one after the other."""
    left = iter(amounts)

    def script(of: Trial):
        if of.role != "need":
            return succeed(of)
        read = next(left)
        found = Measured(Measurement(READ_FROM_DISK, "load", "measured", (float(read),)))
        peak = COLD if read else WARM
        return [found, Ended(Ok())], Ending(0, None, 1.0, usage=Usage(peak_bytes=peak, major_faults=0))

    return script


def run(folder: Path, amounts: list[int], replicates: int = 3) -> tuple[Run, list[object]]:
    made = plan_of(*(trial("a", "need", k) for k in range(replicates)))
    told: list[object] = []
    with store.RunWriter.create(folder / "run", manifest(made)) as writer:
        preparation = Preparation(folder / "cache", {"torch": "2"})
        Engine(FakeExecutor(reading(amounts)), writer, preparation, told.append).run(made)
    return store.read(folder / "run"), told


def needs(run: Run) -> list[float]:
    return [r.find(TREE_PEAK.id, "trial").values[0] for r in run.records]


def test_a_cold_start_is_measured_again_and_says_so(tmp_path):
    found, told = run(tmp_path, [38 * MIB, 0, 0, 0])
    assert needs(found) == [WARM] * 3
    assert [AGAIN in r.facts for r in found.records] == [True, False, False]
    assert "it read 38 MiB from disk" in found.records[0].facts[AGAIN]
    assert [n.text.partition(":")[0] for n in told if isinstance(n, Notice) and "again" in n.text] == [
        "measuring the need of tiny/a again"
    ]


def test_a_work_that_reads_from_disk_each_time_is_tried_again_once_and_its_need_is_at_most_that(tmp_path):
    found, told = run(tmp_path, [38 * MIB] * 4)
    assert needs(found) == [COLD] * 3
    assert sum(isinstance(n, Notice) and "again" in n.text for n in told) == 1
    (facts,) = gather(found)
    assert (facts.need.bytes, facts.need.bound) == (COLD, "upper")


def test_a_cold_need_does_not_count_beside_others_that_were_warm(tmp_path):
    found, _ = run(tmp_path, [38 * MIB, 38 * MIB, 0, 0])
    assert needs(found) == [COLD, WARM, WARM]
    (facts,) = gather(found)
    assert (facts.need.bytes, facts.need.bound) == (WARM, None)


SUITE = """
import os
from pathlib import Path

from harness import Model, Workload

HERE = Path(__file__).parent


class Reads(Workload):
    name = "reads"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        data = os.open(HERE / "data.bin", os.O_RDONLY)
        if (HERE / "armed").exists():  # as if another program had taken the page cache in between
            (HERE / "armed").unlink()
            os.fsync(data)
            os.posix_fadvise(data, 0, 0, os.POSIX_FADV_DONTNEED)
        while os.read(data, 1 << 20):
            pass
        os.close(data)
        return Model(lambda: 1.0)
"""


@pytest.mark.slow
def test_a_real_work_whose_file_had_left_the_page_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    suites = tmp_path / "suites"
    suites.mkdir()
    (suites / "cold.py").write_text(SUITE)
    (suites / "data.bin").write_bytes(os.urandom(24 * MIB))
    only = replace(plan.QUICK, only=("need",))

    def once(name: str) -> Record:
        (record,) = api.execute(Selection(("cold",), include=(tmp_path,)), only, tmp_path / name).data.records
        return record

    warm = once("first")
    (suites / "armed").touch()
    again = once("second")
    assert AGAIN in again.facts
    assert not (suites / "armed").exists()
    for record in (warm, again):
        assert all(finding.code != Code.COLD_PAGES for finding in record.findings)
    peaks = [record.find("process_peak", "load").values[0] for record in (warm, again)]
    assert peaks[0] == pytest.approx(peaks[1], abs=2 * MIB)
