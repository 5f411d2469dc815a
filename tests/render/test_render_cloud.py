"""The section on cloud and edge where it is placed: on the page, in Markdown and on a terminal."""

from __future__ import annotations

import io

import pytest
from remote_runs import remote, times
from rich.console import Console
from sample_runs import make_run
from test_render_html import HOSTILE, THEME, Page

from harness.render import html, markdown, terminal
from harness.view import ReportView, build

TITLE = "Cloud or edge"


def report(*works: str, link: str = "", estimated: bool = True) -> ReportView:
    return build(remote(*works, link=link), times(*works) if estimated else None)


def part(view: ReportView) -> str:
    """The HTML of the section."""
    text = html.render(view, THEME)
    start = text.index('<section aria-labelledby="h-cloud"')
    return text[start : text.index("</section>", start)]


def test_the_page_has_it_between_memory_and_details_only_where_there_is_a_remote_tier():
    heads = [h.strip() for h in Page(html.render(report("photo"), THEME)).texts["h2"]]
    assert heads[heads.index("Memory, layer by layer") + 1] == TITLE
    assert TITLE not in html.render(build(make_run()), THEME)


def test_a_row_a_workload_and_link_with_every_word_of_the_view():
    view = report("photo", "film")
    assert view.cloud is not None
    page = Page(part(view))
    assert page.unclosed == []
    assert [t["data-row"] for t in page.all("tr") if "data-row" in t] == ["0", "1"]
    text = " ".join(" ".join(found) for found in page.texts.values())
    for row in view.cloud.rows:
        said = (row.name, row.tier, row.link, row.payload, row.computing, row.kept.text, row.kept.parts, row.new.text)
        assert all(words in text for words in (*said, *row.answers))
        assert page.all("a", href=f"#{row.anchor}")
    assert all(note in text for note in view.cloud.notes)


def test_every_time_in_it_says_that_it_is_projected():
    tags = Page(part(report("photo"))).all("i")
    assert [t["class"] for t in tags] == ["projected"] * 3


def test_a_reason_takes_its_place_where_nothing_can_be_said():
    text = part(report("photo", estimated=False))
    assert "no time is known, neither measured nor projected" in text
    assert "<table" not in text


def test_what_a_profile_calls_its_link_is_escaped():
    view = report("photo", link=HOSTILE)
    assert "<script>alert" not in part(view)
    assert "<img" not in html.render(view, THEME)
    assert "<script>" not in markdown.render(view)


def test_markdown_has_a_line_a_workload_and_link():
    text = markdown.render(report("photo", "film"))
    lines = [line for line in text.splitlines() if line.startswith("- photo")]
    assert "### Cloud or edge" in text
    assert len(lines) == 1
    assert "on H100 over 20 Mbit/s, 40 ms: *about 293 ms* end to end on a kept connection" in lines[0]
    assert "beats the H100 in the cloud above about 247 ms" in lines[0]
    assert TITLE not in markdown.render(build(make_run()))


@pytest.mark.parametrize("terminal_like", [True, False])
def test_the_terminal_says_it_after_the_verdict(terminal_like):
    console = Console(file=io.StringIO(), force_terminal=terminal_like, width=300, color_system=None)
    terminal.show(report("photo"), console)
    text = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO, which rich's type does not say
    line = "photo · batch 1: H100 over 20 Mbit/s, 40 ms: about 293 ms end to end, about 413 ms on a new connection"
    assert line in text
    assert "  The Raspberry Pi 5 (about 500 ms) beats the H100 in the cloud" in text[text.index(line) :]
