"""A workload at the pace of a board: real children, one after the other, under the board's limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

import harness
from harness import api, plan
from harness.model.outcome import Ok, Unsupported
from harness.model.record import Record
from harness.selection import Selection
from harness.stats import median

EXAMPLES = Path(__file__).parents[2] / "examples"
SETTINGS = replace(
    plan.QUICK,
    slow_down=True,
    timing=replace(plan.QUICK.timing, budget_seconds=1.5),
    features=None,
    composition=False,
)
SPIN = '''"""A step that needs no framework."""

from harness import Model, Workload


class Spin(Workload):
    """Keeps the processor busy for about a tenth of a millisecond."""

    name = "spin"
    runtimes = ("python",)

    def build(self, place):
        return Model(lambda: sum(range(5_000)))
'''
ASKED = 0.02

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def run(folder: Path, pacing: Callable[..., float]) -> dict[str, Record]:
    suites = folder / "suites"
    suites.mkdir()
    (suites / "spinning.py").write_text(SPIN)
    selection = Selection(("spinning",), profiles=("host", "rpi5"), include=(folder,))
    handle = api.execute(selection, SETTINGS, folder / "run", pacing=pacing)
    return {r.trial.role: r for r in handle.data.records}


@dataclass(frozen=True)
class Paced:
    records: dict[str, Record]
    seen: Sequence[str]
    """The roles of the trials that had ended when the pace was asked for."""


@pytest.fixture(scope="module")
def slowed(tmp_path_factory) -> Paced:
    """A run at the pace asked for."""
    seen: list[str] = []

    def pacing(_trial, records):
        seen.extend(r.trial.role for r in records)
        return ASKED

    return Paced(run(tmp_path_factory.mktemp("slowed"), pacing), seen)


@pytest.mark.alone
def test_a_step_takes_the_time_asked_whatever_the_host_takes(slowed):
    assert {"timing", "need", "ceiling"} <= set(slowed.seen)
    records, paced = slowed.records, slowed.records["paced"]
    assert paced.outcome == Ok()
    assert median(records["timing"].find("latency", "timed").values) < ASKED / 4
    assert median(paced.find("paced_latency", "timed").values) == pytest.approx(ASKED, rel=0.05)
    assert paced.find("paced_latency").provenance == "enforced"


@pytest.mark.alone
def test_it_runs_under_the_limits_of_the_board(slowed):
    paced, ceiling = slowed.records["paced"], slowed.records["ceiling"]
    assert paced.enforced == ceiling.enforced
    assert paced.trial.limits.memory_bytes is not None
    assert paced.find("latency") is None, "a host's time under limits is no latency"


def test_a_host_that_is_slower_than_the_board_says_so_with_both_times(tmp_path):
    outcome = run(tmp_path, lambda _t, _r: 1e-7)["paced"].outcome
    assert isinstance(outcome, Unsupported)
    assert outcome.reason.startswith("this host is slower than the projected board: ")
    assert outcome.reason.endswith(" against 100 ns")


def test_from_python_each_case_of_a_board_gets_a_trial_at_its_pace(tmp_path):
    options = {"quick": True, "profiles": ("rpi5",), "include": (EXAMPLES,), "out": tmp_path / "run"}
    handle = harness.run("mlp", slow_down=True, **options)
    roles = [r.trial.role for r in handle.data.records]
    assert roles.count("paced") == roles.count("ceiling") == 1
    assert not handle.failed
