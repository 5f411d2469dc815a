"""The page of a real run: made here, with real trials, and looked at in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SUITE = """
from harness import Model, Workload


class Layer(Workload):
    name = "layer"
    family = "made up"
    requires = ("torch",)
    deadline_seconds = 0.5
    quick = {}

    def build(self, place):
        import torch

        return Model(torch.nn.Linear(64, 64).to(place.device), (torch.zeros(1, 64, device=place.device),))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("real")
    (folder / "suites").mkdir()
    (folder / "suites" / "mine.py").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERBENCH_CACHE", str(folder / "cache"))
        run = harness.run("mine", profiles=("host", "rpi5"), quick=True, include=[folder], out=folder / "run")
    return run.report().as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_real_page_has_no_violation_and_says_nothing(scheme: str, address: str, visit: Any, axe: str) -> None:
    watched = visit(address, color_scheme=scheme)
    assert (watched.said, watched.asked) == ([], [address])
    assert watched.page.inner_text("#matrix tbody th a") == "layer"
    watched.page.evaluate(axe)
    found = watched.page.evaluate("async () => (await axe.run()).violations.map((v) => v.id + v.nodes[0].html)")
    assert found == []


def test_a_real_page_shows_a_time_for_the_host_and_a_projected_one_for_the_board(address: str, visit: Any) -> None:
    cells = visit(address).page.locator("#matrix tbody td[data-t]")
    assert "±" in cells.nth(0).inner_text() or "n=" in cells.nth(0).inner_text()
    assert "projected\nabout" in cells.nth(1).inner_text()
    assert Path(address.removeprefix("file://")).stat().st_size < 200_000
