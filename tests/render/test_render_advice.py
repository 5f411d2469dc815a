"""What fits instead where it is placed: on the page, in Markdown, on a terminal and in the data."""

from __future__ import annotations

import io
import json as json_module

import pytest
from rich.console import Console
from sample_runs import Work, boards, make_run
from test_render_html import HOSTILE, THEME, Page

from harness.model.units import MIB
from harness.render import html, json, markdown, terminal
from harness.view import ReportView, build

TITLE = "What fits instead"
LARGE = Work("net", seconds=0.08, activations=400 * MIB, parameters={"batch": 8})
SMALL = Work("net", seconds=0.012, activations=20 * MIB, parameters={"batch": 1})
ALONE = Work("alone", activations=400 * MIB)


@pytest.fixture(scope="module")
def view() -> ReportView:
    return build(make_run([LARGE, SMALL, ALONE], boards(2)))


def part(view: ReportView) -> str:
    """The HTML of the section."""
    text = html.render(view, THEME)
    start = text.index('<section aria-labelledby="h-advice"')
    return text[start : text.index("</section>", start)]


def test_the_page_has_it_below_the_table_only_where_something_does_not_fit(view: ReportView):
    heads = [h.strip() for h in Page(html.render(view, THEME)).texts["h2"]]
    assert heads[1] == TITLE
    assert TITLE not in html.render(build(make_run([SMALL], boards(2))), THEME)


def test_a_row_a_variant_with_every_word_of_the_view_and_where_it_comes_from(view: ReportView):
    page = Page(part(view))
    assert page.unclosed == []
    assert [t["data-row"] for t in page.all("tr") if "data-row" in t] == ["0"]
    text = " ".join(" ".join(found) for found in page.texts.values())
    (row,) = view.advised.rows
    (variant,) = row.alternatives
    said = (row.name, row.where, row.why, variant.name, variant.need, variant.cost, variant.basis)
    assert all(words in text for words in said)
    assert [t.strip() for t in page.texts["i"]] == ["enforced", "measured on host"]


def test_for_what_nothing_is_known_of_the_command_is_said(view: ReportView):
    assert "<code>tierbench run synthetic/alone -p host -p board-1 --advise</code>" in part(view)


def test_where_all_that_was_tried_does_not_fit_no_command_is_left_hanging():
    found = build(make_run([LARGE, Work("net", activations=500 * MIB, parameters={"batch": 16})], boards(2)))
    said = "Of 2 cases that do not fit no variant that this run has tried fits either."
    assert f'<p class="note">{said}</p>' in part(found)
    assert f"- {said}" in markdown.render(found).splitlines()
    console = Console(file=io.StringIO(), width=300, color_system=None)
    terminal.show(found, console)
    assert "--advise" not in console.file.getvalue()


def test_no_name_can_break_the_page(view: ReportView):
    works = [Work(HOSTILE, activations=400 * MIB), Work(HOSTILE, activations=MIB, parameters={"batch": 2})]
    hostile = build(make_run(works, boards(2)))
    assert hostile.advised.rows
    assert "<script>alert" not in part(hostile)
    assert Page(part(hostile)).unclosed == []
    assert "<script>alert" not in markdown.render(hostile)


@pytest.mark.parametrize("live", [True, False])
def test_a_terminal_says_the_quickest_and_the_command(view: ReportView, live: bool):
    console = Console(file=io.StringIO(), force_terminal=live, width=300, color_system=None, legacy_windows=False)
    terminal.show(view, console)
    text = " ".join(console.file.getvalue().split())
    (row,) = view.advised.rows
    assert f"{row.name} on {row.where}: {row.why}; batch 1 fits, at {row.alternatives[0].cost}" in text
    assert view.advised.command in text


def test_markdown_has_it_too(view: ReportView):
    text = markdown.render(view)
    assert f"### {TITLE}" in text
    assert "batch 1 fits, at " in text


def test_the_json_has_it_as_data(view: ReportView):
    (found,) = json_module.loads(json.render(view))["instead"]
    (row,) = view.advised.rows
    assert (found["case"], found["fits"]) == (row.case, row.alternatives[0].case)
    assert found["ratio"] == pytest.approx(row.alternatives[0].ratio, rel=1e-3)
    assert found["provenance"] == "measured"
    assert "instead" not in json_module.loads(json.render(build(make_run([SMALL], boards(2)))))
