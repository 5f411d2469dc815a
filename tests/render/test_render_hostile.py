"""A board's texts come from others: no name steers a terminal, opens a tag, or breaks a table."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from sample_runs import GIB, SMALL, board, make_run

from harness.model.text import plain
from harness.render import html, junit, markdown, terminal
from harness.view import ReportView, build

THEME = Path(__file__).parents[2] / "reports" / "default"
NAMES = (
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% for x in y %}",
    "[bold red]x[/bold red][link=http://x]y[/link]",
    "**x** | y | <!-- `z` ~~w~~ [a](http://x)",
    "\x1b[31mred\x1b]0;title\x07",
    "right\u202eot left\u200b\u2066",
    "two\nlines\r\tand",
    "&amp; &lt;b&gt; \"quoted\" 'single'",
)


@pytest.fixture(scope="module", params=NAMES, ids=lambda name: ascii(name)[:20])
def hostile(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def view(hostile: str) -> ReportView:
    named = board("board-0", hostile, 4 * GIB)
    target = msgspec.structs.replace(named.target[0], name=hostile)
    made = msgspec.structs.replace(named, target=(target,), soc=hostile, summary=hostile, power_mode=hostile)
    return build(make_run(SMALL[:1], [made, board("board-1", "Board", 4 * GIB)]))


@pytest.mark.parametrize("terminal_like", [True, False])
def test_a_terminal_gets_only_what_can_be_seen(view: ReportView, hostile: str, terminal_like: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=terminal_like, width=400, color_system=None)
    terminal.show(view, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.replace("\n", "").replace("\x1b[0m", "").replace("\x1b[1m", "").isprintable()
    if hostile.isprintable():
        assert hostile in text
    else:
        assert plain(hostile)[:4] in text


def test_markdown_keeps_its_table_and_has_no_tag(view: ReportView) -> None:
    text = markdown.render(view)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {rows[1].count("|")}
    assert "<script" not in text.replace("\\<", "")
    assert "<img" not in text.replace("\\<", "")
    assert "\x1b" not in text


def test_the_page_has_no_tag_of_it_and_computes_nothing(view: ReportView, hostile: str) -> None:
    page = html.render(view, THEME)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    if "{{" in hostile:
        assert "{{ 7 * 7 }}" in page


def test_junit_stays_xml(view: ReportView) -> None:
    from xml.etree import ElementTree

    ElementTree.fromstring(junit.render(view))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, 4 GB", "plain text, 4 GB"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb", r"a\nb"),
        ("x\u202ey", r"x\u202ey"),
        ("\U000e0041", r"\U000e0041"),
        ("é µ 漢", "é µ 漢"),
    ],
)
def test_what_is_not_seen_is_spelt_out(text: str, shown: str) -> None:
    assert plain(text) == shown
