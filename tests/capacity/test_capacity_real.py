"""The search with real children under a real limit: a program whose need is known, against brute force."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness import content, profiles
from harness.capacity.tries import GRAIN
from harness.engine.assemble import assemble
from harness.executors.local import LocalExecutor
from harness.model.case import Limits
from harness.model.outcome import Ok
from harness.model.record import Record
from harness.model.units import MIB

pytestmark = pytest.mark.slow

LIMIT = 112 * MIB
SUITE = '''"""A program that holds so much memory and no more."""

from harness import Model, Workload


class Holds(Workload):
    """16 MiB, and 24 more for each of a batch, every page written."""

    name = "holds"
    runtimes = ("python",)
    parameters = {"batch": (2,)}

    def build(self, place, batch):
        held = bytearray(b"x") * ((16 + 24 * batch) << 20)
        return Model(lambda: len(held))
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    (folder / "suites").mkdir()
    (folder / "suites" / "known.py").write_text(SUITE)
    generic = next(p for p in profiles.load_all(content.search_path()) if p.id == "generic-1gb")
    text = Path(content.search_path().find("hardware_profiles")[0].path.parent / f"{generic.id}.toml").read_text()
    small = text.replace("generic-1gb", "small").replace("Generic limit of 1 GB", "Small limit")
    (folder / "hardware_profiles").mkdir()
    (folder / "hardware_profiles" / "small.toml").write_text(
        small.replace('value = 1\nunit = "GiB"', f'value = {LIMIT // MIB}\nunit = "MiB"')
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERBENCH_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture(scope="module")
def host(folder):
    return harness.fit("known/holds", include=(folder,), out=folder / "host")


@pytest.fixture(scope="module")
def board(folder):
    return harness.fit("known/holds", "small", include=(folder,), out=folder / "board")


def outcome_in(limit: int, like: Record, folder: Path):
    from msgspec.structs import replace

    trial = replace(like.trial, limits=Limits(memory_bytes=limit))
    events: list = []
    ending = LocalExecutor(folder / "cache").execute(trial, (), events.append, lambda: False)
    return assemble(trial, events, ending, "").outcome


def test_the_smallest_memory_is_what_brute_force_finds_within_two_percent(host, folder):
    (memory,) = host.capacity
    (probe,) = [r for r in host.data.records if r.trial.role == "gate"]
    like = next(r for r in host.data.records if r.trial.role == "fit")
    assert memory.state == "found"
    assert memory.beyond < memory.value <= 1.01 * memory.beyond + GRAIN
    step = memory.value // 100
    limits = range(memory.value - 3 * step, memory.value + 4 * step, step)
    least = next(limit for limit in limits if isinstance(outcome_in(limit, like, folder), Ok))
    assert least == pytest.approx(memory.value, rel=0.02)
    assert memory.value > 64 * MIB
    assert probe.find("tree_peak", "trial") is not None
    assert 0 < float(probe.facts["imported_after"]) < probe.wall_seconds


def test_each_try_held_the_allocator_still_and_says_so(host):
    tried = [r for r in host.data.records if r.trial.role == "fit" and isinstance(r.outcome, Ok)]
    assert tried
    peaks = [r.find("tree_peak", "trial") for r in tried]
    assert all("glibc thresholds fixed at 128 KiB" in m.metric.how and m.provenance == "enforced" for m in peaks)


def test_it_is_found_again_within_two_percent(host, board):
    again = board.capacity[0]
    assert again.value == pytest.approx(host.capacity[0].value, rel=0.02)


def test_the_largest_batch_on_a_tier_is_the_arithmetic_one(host, board):
    """What the interpreter takes is known from the smallest memory at a batch of 2."""
    rest = host.capacity[0].value - (16 + 2 * 24) * MIB
    batch = board.capacity[1]
    most = (LIMIT - rest - 16 * MIB) // (24 * MIB)
    assert (batch.what, batch.state, batch.value, batch.beyond) == ("batch", "found", most, most + 1)


def test_a_report_says_what_was_found_and_shows_each_try_on_the_tier(board):
    view = board.view()
    assert view.headline.startswith("The smallest memory in which it completes is ")
    assert view.lead[0].startswith(f"The largest batch that fits a Small limit is {board.capacity[1].value}: ")
    tried = {r.trial.case.workload.parameters["batch"] for r in board.data.records}
    assert {row.points for row in view.matrix.rows} == {f"batch {n}" for n in tried}
    page = board.report(board.path / "page.html").read_text()
    assert view.headline in page


def test_a_stored_search_says_the_same(board):
    assert harness.load(board.path).capacity == board.capacity
    assert board.complete
