"""What changed since a baseline, in every format; the page as parsed HTML."""

from __future__ import annotations

import gzip
import io
import json as json_module
import re
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import pytest
from compared_runs import as_baseline, compared, elsewhere, large, pair
from msgspec.structs import replace
from rich.console import Console
from sample_runs import Work, make_run
from test_render_html import HOSTILE, Page

from harness.render import csv, html, json, junit, markdown, terminal
from harness.view import ReportView, build

THEME = Path(__file__).parents[2] / "reports" / "default"
SLOWER = re.compile(r"\+1\d\.\d % \[\+1\d\.\d, \+1\d\.\d\] slower")


def seen(runs, **asked: object) -> ReportView:
    run, comparisons = compared(runs, **asked)
    return build(run, comparisons=comparisons)


@pytest.fixture(scope="module")
def view() -> ReportView:
    return seen(pair())


@pytest.fixture(scope="module")
def text(view: ReportView) -> str:
    return html.render(view, THEME)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def rows_of(page: Page, verdict: str) -> list[dict[str, str | None]]:
    return page.all("tr", **{"class": verdict})


def test_tags_are_balanced_ids_unique_and_links_lead_somewhere(page: Page):
    assert page.unclosed == page.open == []
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = {str(a["href"]) for _, a in page.tags if str(a.get("href")).startswith("#")}
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_section_comes_after_the_matrix_and_only_with_a_baseline(page: Page):
    assert [h.strip() for h in page.texts["h2"]][:4] == [
        "Does it fit, and how fast is it?",
        "What fits instead",
        "What changed",
        "Across tiers",
    ]
    without = html.render(build(pair()[1]), THEME)
    body = without[without.index("<body>") : without.index("<script>")]
    assert "What changed" not in body
    assert "only changed" not in body
    assert "data-at" not in body


def test_the_page_is_self_contained_with_a_baseline_too(page: Page):
    for tag, attributes in page.tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert str(attributes.get("href", "#")).startswith(("#", "data:")), tag


def test_each_ratio_is_a_row_with_its_picture_its_words_and_its_place_in_the_matrix(page: Page, view: ReportView):
    slower = rows_of(page, "regressed")
    assert [r["data-row"] for r in slower] == ["1", "5"]
    assert {r["data-at"] for r in slower} == {"0"}
    assert len(rows_of(page, "no_change")) == 4 + 5
    assert len(page.all("table", **{"class": "forest p-measured"})) == 2


def test_a_picture_has_a_band_an_interval_and_a_dot_in_percent_of_its_width(text: str):
    first = re.search(r"<tr data-row=1 data-at=0 class=regressed>.*?</tr>", text, re.DOTALL)
    assert first
    picture = first.group()
    assert '<td class="plot c0"><svg aria-hidden=true>' in picture
    band = re.search(r"<rect x=([\d.]+)% width=([\d.]+)% ", picture)
    line = re.search(r"<line x1=([\d.]+)% x2=([\d.]+)% ", picture)
    dot = re.search(r"<use href=#measured x=([\d.]+)% ", picture)
    assert band
    assert line
    assert dot
    start, width = map(float, band.groups())
    low, high = map(float, line.groups())
    assert start + width < low < float(dot.group(1)) < high <= 100
    assert SLOWER.search(re.sub(r"<[^>]+>", "", picture))
    assert "39.6 → 44.9 ms" in picture


def test_what_did_not_change_is_grey_and_has_no_tiers_colour(text: str):
    quiet = re.findall(r"<tr data-row=\d data-at=0 class=no_change>.*?</tr>", text, re.DOTALL)
    assert len(quiet) == 9
    assert all('<td class="plot">' in row for row in quiet)
    assert ":is(.no_change, .inconclusive) td { color: var(--soft); }" in text


def test_the_pictures_head_names_the_finding(page: Page):
    names = [str(p["aria-label"]) for p in page.all("svg", role="img")]
    assert any(name.startswith("Latency against the baseline, 6 in all: 1 slower") for name in names)


def test_a_case_that_stops_to_fit_is_a_row_in_words_with_its_provenance(text: str):
    row = re.search(r'<tr data-row=5 data-at=2 class="regressed p-enforced">.*?</tr>', text, re.DOTALL)
    assert row
    assert "<i class=enforced>enforced</i> <b>ran before, does not fit now</b> <small>needs 438 of 400 MiB</small>" in (
        row.group()
    )


def test_a_changed_cell_says_so_and_can_be_filtered_by_it(page: Page, text: str):
    cells = [str(c.get("data-s")).split() for c in page.all("td") if "data-s" in c]
    assert sum("slower" in c for c in cells) == 1
    assert sum("changed" in c for c in cells) == 4
    assert re.search(r'<p class="why regressed">\+1\d\.\d % ', text)
    assert [b["data-only"] for b in page.all("button") if b.get("data-only") in {"slower", "faster"}] == [
        "slower",
        "faster",
    ]
    assert page.all("input", **{"data-with": "changed"})


def test_one_process_prints_that_it_is_inconclusive_and_why():
    text = html.render(seen(pair(processes=1)), THEME)
    assert "<small>n=1</small> <b>inconclusive</b>" in text
    assert "6 inconclusive: one process on a side says nothing of how processes differ: run with --processes 5." in text


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    run, comparisons = compared(pair())
    far = tuple(replace(r, low=1e-4, high=1e4) if r.words == "slower" else r for r in comparisons.rows)
    text = html.render(build(run, comparisons=replace(comparisons, rows=far)), THEME)
    assert text.count("<use href=#left-latency ") == text.count("<use href=#right-latency ") == 1
    assert 'id="left-latency"' in text


def test_what_is_not_comparable_has_its_reason():
    before, after = pair()
    text = html.render(seen((before, elsewhere(after))), THEME)
    assert "<h1>Not comparable with its baseline. " in text
    assert (
        "<b>18 cases</b>: the runs are from different machines: processor Intel Xeon Platinum 8481C and Another CPU"
        in text
    )
    assert '<table class="forest' not in text


@pytest.mark.slow
def test_many_unchanged_rows_are_folded_away_and_the_page_stays_bearable():
    runs = large(300, 12)
    with_baseline, without = html.render(seen(runs), THEME), html.render(build(runs[1]), THEME)
    page = Page(with_baseline)
    assert page.unclosed == []
    folds = [s.strip() for s in page.texts["summary"] if "without a change" in s]
    assert folds[0] == "572 without a change"
    assert len(with_baseline.encode()) < 1.4 * len(without.encode()) < 5 << 20


def test_hostile_names_and_reasons_are_text_and_nothing_else():
    run = make_run([Work(HOSTILE, family=HOSTILE)], [], processes=3)
    before = as_baseline(run)
    manifest = replace(before.manifest, run_id=HOSTILE, created=HOSTILE)
    environment = replace(run.manifest.environment, fingerprint="x", cpu=HOSTILE, git_commit=HOSTILE, kernel=HOSTILE)
    after = replace(run, manifest=replace(run.manifest, environment=environment))
    for asked in ({}, {"insist": True}):
        page = Page(html.render(seen((replace(before, manifest=manifest), after), **asked), THEME))
        assert page.unclosed == []
        assert len(page.all("script")) == len(page.all("style")) == 1
        assert not page.all("img")


def test_the_pages_json_has_the_baseline_and_every_comparison(view: ReportView, page: Page):
    link = next(str(a["href"]) for a in page.all("a") if str(a.get("download")).endswith("json.gz"))
    data = json_module.loads(gzip.decompress(b64decode(link.partition(",")[2])))
    changed = data["changed"]
    assert changed["baseline"] == "2026-11-22T021300-dead"
    assert len(changed["rows"]) == len(view.changed.data)  # type: ignore[union-attr]
    place = changed["columns"].index
    slower = [r for r in changed["rows"] if r[place("words")] == "slower"]
    assert 1.1 < slower[0][place("ratio")] < 1.2
    assert "changed" not in json_module.loads(json.render(build(pair()[1])))
    assert csv.render(view) == csv.render(build(pair()[1])), "a table of one run's figures"


def test_markdown_has_what_changed_before_the_table(view: ReportView):
    text = markdown.render(view)
    assert text.index("### What changed since run 2026-11-22T021300-dead") < text.index("| Workload | Host CPU")
    rows = [line for line in text.splitlines() if line.startswith("| vit-b16 · batch 1 | Host CPU | Latency |")]
    assert len(rows) == 1
    assert SLOWER.search(rows[0].replace("\\", ""))
    assert rows[0].endswith("| 39.6 → 44.9 ms |")
    assert "| yolov8n · batch 1 | Raspberry Pi Zero 2 W | how it ended | ran before, does not fit now needs" in text
    assert "resnet50 · batch 1 | Host CPU | Latency" not in text


def test_markdown_says_why_nothing_can_be_said():
    assert "Latency: 6 inconclusive: one process" in markdown.render(seen(pair(processes=1)))
    before, after = pair()
    assert "Not comparable, 18 cases: the runs are from different machines" in markdown.render(
        seen((before, elsewhere(after)))
    )
    assert "What changed" not in markdown.render(build(after))


@pytest.mark.parametrize("terminal_like", [True, False])
def test_a_terminal_gets_the_verdict_and_a_line_a_change(terminal_like: bool, view: ReportView):
    out = io.StringIO()
    terminal.show(view, Console(file=out, force_terminal=terminal_like, width=200, color_system=None))
    lines = out.getvalue().splitlines()
    assert any(SLOWER.search(line) and line.startswith("vit-b16 · batch 1 on Host CPU, latency: ") for line in lines)
    assert "yolov8n · batch 1 on Raspberry Pi Zero 2 W: ran before, does not fit now (needs 438 of 400 MiB)" in lines
    assert not any(line.startswith("resnet50 · batch 1 on Host CPU, latency") for line in lines)


def test_what_got_worse_fails_in_junit_with_its_words(view: ReportView):
    suites = {s.get("name"): s for s in ElementTree.fromstring(junit.render(view))}
    slower = suites["host:cpu"].find("testcase[@name='vit-b16 · batch 1']/failure")
    assert slower is not None
    assert slower.get("type") == "regressed"
    assert SLOWER.search(str(slower.get("message")))
    gone = suites["board-1:cpu"].find("testcase[@name='yolov8n · batch 1']/failure")
    assert gone is not None
    assert gone.get("message") == "does not fit: needs 438 of 400 MiB; ran before, does not fit now"
    assert suites["host:cpu"].find("testcase[@name='whisper · batch 1']/failure") is None, "faster is no failure"
