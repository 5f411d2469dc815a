"""Cloud and edge in a real browser: it follows the filters, and reads for everyone."""

from __future__ import annotations

from typing import Any

import pytest
from remote_runs import remote, times
from test_browser_axe import RUN_AXE

pytestmark = pytest.mark.browser

ROWS = "section[aria-labelledby=h-cloud] tr[data-row]"


@pytest.fixture
def address(saved: Any) -> str:
    return str(saved("cloud", lambda: remote("photo", "film"), times("photo", "film")))


@pytest.fixture
def page(visit: Any, address: str) -> Any:
    watched = visit(address)
    assert watched.said == []
    return watched.page


def test_it_shows_the_workloads_that_the_table_shows(page: Any) -> None:
    assert page.locator(f"{ROWS}:visible").count() == 2
    page.fill('[data-state="q"]', "film")
    assert page.locator(f"{ROWS}:visible").count() == 1


def test_it_goes_with_what_is_projected(page: Any) -> None:
    page.uncheck('[data-hide="projected"]')
    assert page.locator(f"{ROWS}:visible").count() == 0


@pytest.mark.parametrize("width", [360, 1440])
def test_the_page_itself_never_scrolls_sideways(width: int, page: Any) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(scheme: str, visit: Any, address: str, axe: str) -> None:
    page = visit(address, color_scheme=scheme).page
    page.evaluate(axe)
    assert page.evaluate(RUN_AXE) == []
