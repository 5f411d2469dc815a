"""How long the page takes and how large it is: 1,000 workloads x 5 tiers with invented figures, built and rendered."""

from __future__ import annotations

from harness import results
from harness.model.record import Run
from harness.render import html
from harness.stats import summarise
from harness.view import build
from tests.perf import pairs, result
from tests.perf.effort import Effort
from tests.perf.processes import seconds
from tests.perf.result import Result
from tests.view.sample_runs import many

ITEM = "report"
TIERS = 5


def measure(effort: Effort) -> list[Result]:
    """Seconds for view and page, megabytes of the page, and whether time grows faster than the number of cases."""
    large, small = (100, 10) if effort.quick else (1000, 100)
    runs = {size: many(size, TIERS) for size in (large, small)}
    pages: dict[int, str] = {}

    def draw(size: int, run: Run) -> None:
        pages[size] = html.render(build(run), results.theme_directory("default"))

    takers = {str(size): (lambda s=size: seconds(lambda: draw(s, runs[s]))) for size in runs}
    taken = pairs.interleaved(takers, effort.times(5))
    whole = summarise([[s] for s in taken[str(large)]])
    growth = pairs.ratios([s / large for s in taken[str(large)]], [s / small for s in taken[str(small)]])
    megabytes = len(pages[large].encode()) / 1e6
    return [
        result.of(ITEM, f"view and page of {large:,} cases × {TIERS} tiers", whole, "s"),
        Result(ITEM, f"size of the page of {large:,} cases × {TIERS} tiers", megabytes, "MB"),
        result.of(ITEM, f"time a case at {large:,}, over that at {small:,} cases", growth, "×"),
    ]
