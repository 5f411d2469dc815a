"""What changed, in a real browser: the filters find it, and the picture's parts stand where the view put them."""

from __future__ import annotations

from typing import Any

import pytest
from compared_runs import compared, large, pair

pytestmark = pytest.mark.browser

ROWS = "section[aria-labelledby=h-changed] tr[data-row]"


@pytest.fixture
def page(visit: Any, saved: Any) -> Any:
    watched = visit(saved("pair", lambda: compared(pair(gpu=True))))
    assert watched.said == []
    return watched.page


def names(page: Any) -> list[str]:
    links = "#matrix tbody tr:not([hidden]) th u"
    return list(page.eval_on_selector_all(links, "found => found.map(u => u.textContent)"))


def test_only_changed_finds_the_rows_that_changed_and_with_only_not_fitting_both(page: Any) -> None:
    page.check("[data-with=changed]")
    assert names(page) == ["vit-b16", "whisper", "yolov8n"]
    page.check("#misfits")
    assert names(page) == ["vit-b16", "llama-1b", "whisper", "yolov8n"], "changed or not fitting"
    page.uncheck("[data-with=changed]")
    assert "llama-1b" in names(page)
    page.uncheck("#misfits")
    assert len(names(page)) == 6


def test_the_state_of_both_boxes_is_in_the_hash_and_comes_back_with_it(page: Any, visit: Any) -> None:
    page.check("[data-with=changed]")
    page.check("#misfits")
    again = visit(page.url).page
    assert again.is_checked("[data-with=changed]")
    assert again.is_checked("#misfits")
    assert names(again) == names(page)


@pytest.mark.parametrize(("state", "found"), [("slower", ["vit-b16"]), ("faster", ["whisper"])])
def test_a_count_of_changes_filters_table_and_pictures(state: str, found: list[str], page: Any) -> None:
    page.click(f'[data-only="{state}"]')
    assert names(page) == found
    seen = page.eval_on_selector_all(f"{ROWS}:not([hidden]) th", "found => found.map(h => h.textContent)")
    assert {name.split(" ")[0] for name in seen} == set(found)
    assert not page.is_checked("[data-with=changed]")
    page.click(f'[data-only="{state}"]')
    assert len(names(page)) == 6


def test_a_tier_filters_the_pictures_too(page: Any) -> None:
    page.select_option('[data-state="tier"]', "host:gpu")
    shown = page.eval_on_selector_all(f"{ROWS}:not([hidden])", "found => found.map(r => r.dataset.at)")
    assert set(shown) == {"1"}


def test_parts_of_a_picture_stand_where_the_view_put_them(page: Any) -> None:
    row = page.locator("table.forest tr.regressed").first
    places = row.evaluate("""(row) => {
      const box = row.querySelector(".plot svg").getBoundingClientRect();
      const of = (part) => {
        const b = row.querySelector(part).getBoundingClientRect();
        return [b.left, b.right, b.top, b.bottom];
      };
      return [box.left, box.width, box.height, of(".plot rect"), of("line"), of("use[href='#measured']")];
    }""")
    left, width, height, band, line, dot = places
    assert width > 200
    assert band[0] < band[1] < line[0] < (dot[0] + dot[1]) / 2 < line[1] <= left + width + 1
    assert band[3] - band[2] == pytest.approx(height, abs=1.5), "bands of rows join"
    assert abs((dot[2] + dot[3]) / 2 - (line[2] + line[3]) / 2) < 1.5


def test_the_grid_stands_at_its_labels(page: Any) -> None:
    offsets = page.locator("table.forest").first.evaluate("""(table) => {
      const middle = (e) => { const b = e.getBoundingClientRect(); return b.left + b.width / 2; };
      const zero = [...table.querySelectorAll("thead text")].find((t) => t.textContent === "0");
      const band = [...table.querySelectorAll(".plot rect")].map((r) => r.getBoundingClientRect());
      return [middle(zero), band[0].left, band[0].right];
    }""")
    zero, left, right = offsets
    assert left < zero < right


def test_a_workload_leads_from_its_picture_to_its_figures(page: Any) -> None:
    link = page.locator("table.forest tbody th a").first
    target = link.get_attribute("href").removeprefix("#")
    link.click()
    page.wait_for_function("id => document.getElementById(id).open", arg=target)


def test_measured_can_be_hidden_here_too(page: Any) -> None:
    page.uncheck('[data-hide="measured"]')
    assert page.locator("table.forest:visible").count() == 0
    assert page.locator("table.ends tr.p-enforced:visible").count() == 1


@pytest.mark.parametrize("width", [360, 1440])
def test_the_page_itself_never_scrolls_sideways(width: int, page: Any) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_what_did_not_change_is_folded_and_opens(visit: Any, saved: Any) -> None:
    watched = visit(saved("changed-large", lambda: compared(large(300, 12))))
    page = watched.page
    assert watched.said == []
    fold = page.locator("section[aria-labelledby=h-changed] details").first
    assert not fold.evaluate("d => d.open")
    assert page.locator(f"{ROWS}:visible").count() < 100
    fold.locator("summary").click()
    assert fold.locator("tr[data-row]:visible").count() == 572
    assert page.evaluate("() => document.querySelectorAll('*').length") < 120_000


def test_it_prints_within_the_page(page: Any) -> None:
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1040, "height": 700})
    assert page.evaluate("() => [...document.querySelectorAll('table.forest')].every((t) => t.offsetWidth <= 1040)")
    assert page.evaluate("() => getComputedStyle(document.querySelector('table.forest thead')).display") == (
        "table-header-group"
    )
