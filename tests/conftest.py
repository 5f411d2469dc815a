"""How tests are shared by two processes, and what a skip is: where TIERBENCH_FORBID_SKIPS is set (as in .ci/run) a
failure, unless the test is marked gpu.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

FORBID = "TIERBENCH_FORBID_SKIPS"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where two processes share the tests (xdist): a module stays together, the virtual machine is built once, and the
    long ones begin.
    """
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=_length)


def _group(item: pytest.Item) -> str:
    return "vm" if item.get_closest_marker("vm") else item.nodeid.split("::")[0]


def _length(item: pytest.Item) -> int:
    """0 for the longest."""
    marks = [name for name in ("vm", "slow") if item.get_closest_marker(name)]
    return {"vm": 0, "slow": 1}[marks[0]] if marks else 2


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a test's skip into a failure that names its reason."""
    report = yield
    if not hasattr(report, "wasxfail") and item.get_closest_marker("gpu") is None:
        _forbid(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a whole module's skip into a failure; one that needs a GPU says ``pytestmark = pytest.mark.gpu`` instead."""
    report = yield
    _forbid(report)
    return report


def _forbid(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get(FORBID) and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{FORBID} is set, and this was skipped: {_reason(report.longrepr)}"


def _reason(longrepr: Any) -> str:
    """What a skip says: the last of its (file, line, reason)."""
    return str(longrepr[-1] if isinstance(longrepr, tuple) else longrepr)
