"""Where TIERBENCH_FORBID_SKIPS is set (as in .ci/run), a skip is a failure, unless the test is marked gpu."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

FORBID = "TIERBENCH_FORBID_SKIPS"


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
