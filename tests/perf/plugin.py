"""What the pytest plug-in adds to the time that pytest-benchmark finds, for a test of a millisecond."""

from __future__ import annotations

import json
import shutil
import sys

from tests.perf import pairs, result
from tests.perf.effort import Effort
from tests.perf.processes import BARE, call
from tests.perf.result import Result


def measure(effort: Effort) -> list[Result]:
    """Percent of the median that a test with the plug-in at work takes more, pairs within one session."""
    medians = _medians(effort, 1 + effort.times(60, 8))
    ours, theirs = (
        [medians[pair, at_work] for pair, at_work in sorted(medians) if at_work is side and pair]
        for side in (True, False)
    )
    more = pairs.differences([100 * a / b for a, b in zip(ours, theirs, strict=True)], [100.0] * len(ours))
    return [result.of("plugin", "added to the median of a test of a millisecond", more, "%", at_most=1)]


def _medians(effort: Effort, number: int) -> dict[tuple[int, bool], float]:
    """Seconds, by pair and by whether the plug-in was at work; it is checked that it was exactly there."""
    shutil.copy(BARE / "paired.py", effort.folder)
    (effort.folder / "pytest.ini").write_text("[pytest]\n")
    saved = effort.folder / "paired.json"
    options = ("-c", effort.folder / "pytest.ini", f"--benchmark-json={saved}", "-p", "no:cacheprovider")
    call(sys.executable, "-m", "pytest", *options, effort.folder / "paired.py", PAIRS=str(number))
    tests = json.loads(saved.read_text())["benchmarks"]
    if any(test["params"]["ours"] != ("tierbench" in test["extra_info"]) for test in tests):
        raise RuntimeError("the plug-in was not at work where it should have been, or was where it should not")
    return {(test["params"]["pair"], test["params"]["ours"]): test["stats"]["median"] for test in tests}
