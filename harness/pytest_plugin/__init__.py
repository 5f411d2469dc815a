"""pytest's plug-in ``tierbench``: tests that use pytest-benchmark's ``benchmark`` gain memory, GPU memory and energy.

pytest loads this module whenever it starts, so it imports nothing but pytest: the rest loads where pytest-benchmark is.
"""

from __future__ import annotations

import pytest

MARKER = (
    "tierbench(enabled=True, extra_call=True): what tierbench may do for a test that uses the fixture `benchmark`: "
    "anything at all; one more call of the function after the timed rounds"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two options and one key of the configuration file."""
    group = parser.getgroup("tierbench", "tierbench: memory and energy of pytest-benchmark's tests")
    group.addoption("--no-tierbench", action="store_true", help="Leave pytest-benchmark's tests as they are.")
    group.addoption(
        "--tierbench-energy",
        action="store_true",
        help="Where a meter for energy can be read, repeat the function for six seconds after the timed rounds.",
    )
    help_text = "Measure memory with one more call of the function after the timed rounds (default: true)."
    parser.addini("tierbench_memory", help_text, type="bool", default=True)


def pytest_configure(config: pytest.Config) -> None:
    """Take part where pytest-benchmark is loaded and something is wanted."""
    config.addinivalue_line("markers", MARKER)
    if not hasattr(config.hook, "pytest_benchmark_group_stats") or config.getoption("--no-tierbench"):
        return
    if config.getini("tierbench_memory") or config.getoption("--tierbench-energy"):
        from harness.pytest_plugin import session

        config.pluginmanager.register(session, "tierbench-session")
