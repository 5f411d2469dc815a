"""How tests are shared by two processes, and what a skip is: where TIERBENCH_FORBID_SKIPS is set (as in .ci/run) a
failure, unless the test is marked gpu.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import coverage
import pytest
from hypothesis import HealthCheck, settings

import harness

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")  # a busy machine is slow, and that is no failure

LONG = ("vm", "slow", "browser")
UNIT = len(LONG)
HEAVY = ("torch", "torch._dynamo", "pandas", "scipy.optimize")
FORBID = "TIERBENCH_FORBID_SKIPS"


gc.disable()  # until all is imported: what importing makes, stays


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking again and again through the libraries that were imported: a tenth."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Takes no coverage while test modules and their libraries are imported, but of the harness, imported before."""
    if coverage.Coverage.current():
        with _uncovered():
            for library in HEAVY:
                importlib.import_module(library)
        for module in pkgutil.walk_packages(harness.__path__, "harness."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    with _uncovered():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Takes no coverage of long tests: most of their time is other processes' and libraries', which it would double."""
    with _uncovered() if _length(item) < UNIT else nullcontext():
        return (yield)


@contextmanager
def _uncovered() -> Iterator[None]:
    """Coverage rests; a worker of xdist has two, one within the other."""
    stopped: list[coverage.Coverage] = []
    while running := coverage.Coverage.current():
        running.stop()
        stopped.append(running)
    try:
        yield
    finally:
        for one in reversed(stopped):
            one.start()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where two processes share the tests (xdist) the long ones begin."""
    if hasattr(config, "workerinput"):
        items.sort(key=_length)


def _length(item: pytest.Item) -> int:
    """0 for the longest, UNIT for a unit test."""
    return next((length for length, mark in enumerate(LONG) if item.get_closest_marker(mark)), UNIT)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A module stays together, since its tests share what it set up; and all that the virtual machine is built for."""
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return "vm" if "/vm/" in file else file

    return ByModule(config, log)


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
