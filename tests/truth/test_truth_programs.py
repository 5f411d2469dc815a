"""More programs of known peak, by the best means there is, with a 10 ms poller beside; and the table of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from harness.model.measure import TREE_PEAK
from harness.model.outcome import Ok
from tests.truth import poller, running, table
from tests.truth.poller import Polled
from tests.truth.programs import BY_THE_BEST_MEANS, KERNEL_GROUPS, MIB, Measured, Role, Truth, allowed, claimed
from tests.truth.running import BALLAST

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Measured, Polled]]:
    """Every program once uncapped and once under a limit that holds, and what the poller saw of it."""
    folder = tmp_path_factory.mktemp("programs")
    with poller.beside(folder) as (environment, out):
        measured = running.by_best_means(folder, folder / "cache", environment=environment)
    yield measured, poller.polled(out)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def measured(both: tuple[Measured, Polled]) -> Measured:
    return both[0]


def near(truth: int) -> object:
    return pytest.approx(truth, abs=allowed(truth))


def test_every_program_ran_and_found_its_pages(measured: Measured) -> None:
    assert measured.run.complete
    assert {r.trial.id: r.outcome for r in measured.run.records if r.outcome != Ok()} == {}


@pytest.mark.parametrize("role", ["need", "ceiling"])
@pytest.mark.parametrize("truth", BY_THE_BEST_MEANS, ids=lambda t: f"{t.program}-{t.stage}")
def test_the_process_peak_is_the_truth(measured: Measured, truth: Truth, role: Role) -> None:
    assert claimed(measured.record(truth.program, role), truth.stage, "process") == near(truth.process)


@pytest.mark.parametrize("role", ["need", "ceiling"])
@pytest.mark.parametrize("truth", BY_THE_BEST_MEANS, ids=lambda t: f"{t.program}-{t.stage}")
def test_the_tree_peak_is_the_truth_or_is_not_claimed(measured: Measured, truth: Truth, role: Role) -> None:
    record = measured.record(truth.program, role)
    whole = record.find(TREE_PEAK.id, "trial")
    assert whole is not None
    if measured.has_trees(record):
        assert claimed(record, truth.stage, "tree") == near(measured.tree(truth, role))
    elif measured.means in KERNEL_GROUPS:
        assert whole.values[0] >= measured.tree(truth, role)
    else:
        assert isinstance(claimed(record, truth.stage, "tree"), str)


def test_a_poller_has_looked_at_each_and_all_claims_of_the_table_meet_the_target(
    both: tuple[Measured, Polled],
) -> None:
    found = list(table.memory(*both, BY_THE_BEST_MEANS))
    assert [row.program for row in found if row.polled is None] == []
    assert [(row.program, row.error) for row in found if row.share > 1] == []
    (second,) = [row for row in found if (row.program, row.scope) == ("burst[ms=1000]", "process")]
    assert second.polled is not None
    assert second.polled > 14 * MIB  # what lasts for a second even a poller sees
    said, met = table.worst_memory(found)
    assert met
    assert said.endswith("at most 1 % or 2 MiB: met")
    assert max(row.true for row in found) < BALLAST
    assert table.text(table.memory_rows(found)).count("\n") == len(found)
