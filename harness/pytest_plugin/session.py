"""What takes part in a session with pytest-benchmark: a fixture around theirs, and a table after theirs.

All is reached through pytest's and pytest-benchmark's public hooks, and the fixture's public attributes.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from harness.pytest_plugin.entry import ENERGY
from harness.pytest_plugin.fixture import Measured, TheirFixture
from harness.pytest_plugin.measure import Wanted

if TYPE_CHECKING:
    from harness.pytest_plugin.table import Groups

KEY = "tierbench"
"""The one entry of ``extra_info`` that is ours."""
_GROUPS = pytest.StashKey["Groups"]()


@pytest.fixture(name="benchmark")
def _benchmark(
    benchmark: TheirFixture, request: pytest.FixtureRequest
) -> Generator[TheirFixture | Measured, None, None]:
    """pytest-benchmark's fixture, with peak memory, GPU memory and energy in ``extra_info["tierbench"]``."""
    wanted = _wanted(request)
    if benchmark.disabled or wanted is None:
        yield benchmark
        return
    measured = Measured(benchmark, wanted, KEY)
    yield measured
    measured.unweave()


def _wanted(request: pytest.FixtureRequest) -> Wanted | None:
    """What the options and the test's marker ask for; None for nothing."""
    marker = request.node.get_closest_marker("tierbench")
    asked = {"enabled": True, "extra_call": True, **(marker.kwargs if marker else {})}
    if len(asked) > 2 or (marker and marker.args):
        pytest.fail("the mark `tierbench` takes enabled=True or False and extra_call=True or False", pytrace=False)
    memory = request.config.getini("tierbench_memory")
    if not asked["enabled"] or not (memory or asked["extra_call"]):
        return None
    return Wanted(memory, request.config.getoption("--tierbench-energy"), asked["extra_call"])


@pytest.hookimpl(wrapper=True)
def pytest_benchmark_group_stats(config: pytest.Config) -> Generator[None, Groups, Groups]:
    """Keep the groups for our table, in the order of theirs."""
    groups = yield
    config.stash[_GROUPS] = groups
    return groups


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Write our table after theirs; also where theirs ends with a regression."""
    try:
        return (yield)
    finally:
        _write_table(terminalreporter, config)


def _write_table(reporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    silenced = config.getoption("benchmark_quiet") and not config.getoption("benchmark_verbose")
    quiet = silenced or config.get_verbosity() < 0
    if quiet or _GROUPS not in config.stash:
        return
    from harness.pytest_plugin import table

    rows = table.rows(config.stash[_GROUPS], KEY)
    if rows:
        reporter.section("tierbench: memory, and energy where it was measured", sep="-", yellow=True)
        asked = frozenset({ENERGY} if config.getoption("--tierbench-energy") else ())
        for line in table.lines(rows, asked):
            reporter.write_line(line)
