"""Where network namespaces and a means of shaping a link can be had; else the tests skip and name what is missing."""

from __future__ import annotations

import pytest

from harness import link


@pytest.fixture(scope="session")
def means() -> str:
    """The means that is used here."""
    states = link.states()
    usable = [state.id for state in states if state.reason is None]
    if not usable:
        pytest.skip("; ".join(f"{state.id}: {state.reason}" for state in states))
    return usable[0]
