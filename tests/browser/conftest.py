"""A headless Chromium and pages made of synthetic runs; skips by name where the browser or axe-core is missing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "view"))

THEME = Path(__file__).parents[2] / "reports" / "default"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("TIERBENCH_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("needs a browser: apt-get install chromium-headless-shell")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    path = os.environ.get("TIERBENCH_AXE")
    if not path:
        pytest.skip("needs axe-core: npm install axe-core@4, and its axe.min.js in TIERBENCH_AXE")
    return Path(path).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Renders a run, or a run and what changed, once and gives the page's address."""
    from harness.render import html
    from harness.view import build

    folder = tmp_path_factory.mktemp("pages")

    def save(name: str, make: Callable[[], Any], estimates: Any = None) -> str:
        path = folder / f"{name}.html"
        if not path.exists():
            made = make()
            run, comparisons = made if isinstance(made, tuple) else (made, None)
            path.write_text(html.render(build(run, estimates, comparisons), THEME), encoding="utf-8")
        return path.as_uri()

    return save


class Watched:
    """A page and all that it said and asked for."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.said, self.asked = page, [], []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(address)


@pytest.fixture(scope="session")
def context(browser: Any) -> Callable[..., Any]:
    """The one context with these options: a page in a context of its own takes twice the processor's time to open."""
    return cache(lambda **options: browser.new_context(viewport={"width": 1440, "height": 900}, **options))


@pytest.fixture
def visit(context: Callable[..., Any]) -> Iterator[Callable[..., Watched]]:
    """Opens an address in a new page, which is closed after the test."""
    pages = []

    def open_page(address: str, **options: Any) -> Watched:
        pages.append(context(**options).new_page())
        return Watched(pages[-1], address)

    yield open_page
    for page in pages:
        page.close()
