"""No accessibility violation, small and large, light and dark."""

from __future__ import annotations

from typing import Any

import pytest
import sample_runs
from compared_runs import compared, large, pair

pytestmark = pytest.mark.browser

RUN_AXE = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map((v) => `${v.id} (${v.impact}) x${v.nodes.length}: ${v.nodes[0].html.slice(0, 200)} `
    + v.nodes[0].failureSummary);
}"""
PAGES = {
    "small": lambda: sample_runs.everything(),
    "host": lambda: sample_runs.make_run(profiles=[], processes=1),
    "wide": lambda: sample_runs.many(300, 12),
    "changed": lambda: compared(pair(gpu=True)),
    "changed-wide": lambda: compared(large(60, 12)),
}


CASES = [
    *((name, scheme) for name in ("small", "host", "changed") for scheme in ("light", "dark")),
    *(pytest.param("wide", scheme, marks=pytest.mark.slow) for scheme in ("light", "dark")),
    pytest.param("changed-wide", "light", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_axe_finds_no_violation(name: str, scheme: str, visit: Any, saved: Any, axe: str) -> None:
    watched = visit(saved(name, PAGES[name]), color_scheme=scheme)
    watched.page.set_default_timeout(300_000)
    watched.page.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    watched.page.evaluate(axe)
    assert watched.page.evaluate(RUN_AXE) == []
