"""The page in a real browser: what its script adds, and that it asks the network for nothing."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import sample_runs

from harness.verdict import Estimate

pytestmark = pytest.mark.browser

ESTIMATE = {"synthetic/mobilenet-v2[batch=1]@board-2:cpu/torch-eager/float32/single_stream": Estimate(0.12, 0.07, 0.2)}


@pytest.fixture
def small(visit: Any, saved: Any) -> Any:
    return visit(saved("everything", sample_runs.everything, ESTIMATE))


def names(page: Any) -> list[str]:
    """The workloads that are seen, in order."""
    return list(
        page.eval_on_selector_all("#matrix tbody tr:not([hidden]) th a", "found => found.map(a => a.textContent)")
    )


def sort_by(page: Any, column: str) -> str:
    head = page.locator(f'#matrix th[data-by="{column}"]')
    head.locator("button").click()
    return str(head.get_attribute("aria-sort"))


def test_nothing_is_said_and_nothing_is_asked_of_the_network(small: Any) -> None:
    assert small.said == []
    assert small.asked == [small.page.url.split("#")[0]]


def test_the_policy_forbids_a_request_that_someone_smuggles_in(small: Any) -> None:
    small.page.evaluate("() => { const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i); }")
    small.page.wait_for_function("() => document.images[0].complete")
    assert any("Content Security Policy" in text for text in small.said)


def test_sorting_goes_up_down_and_back_and_says_so(small: Any) -> None:
    page, original = small.page, names(small.page)
    assert sort_by(page, "name") == "ascending"
    assert names(page) == sorted(original)
    assert sort_by(page, "name") == "descending"
    assert names(page) == sorted(original, reverse=True)
    assert sort_by(page, "name") == "none"
    assert names(page) == original


def test_sorting_by_a_tier_goes_by_time_and_what_does_not_fit_is_last_both_ways(small: Any) -> None:
    page = small.page
    sort_by(page, "0")
    rising = names(page)
    assert rising.index("mobilenet-v2 batch 1") < rising.index("vit-b16 batch 1") < rising.index("llama-1b tokens 16")
    assert page.locator('#matrix th[aria-sort="ascending"]').count() == 1
    sort_by(page, "2")
    up = names(page)
    sort_by(page, "2")
    down = names(page)
    assert {up[-1], up[-2]} == {down[-1], down[-2]} == {"vit-b16 batch 1", "llama-1b tokens 16"}
    assert up[0] != down[0]


def test_the_keyboard_sorts_and_filters(small: Any) -> None:
    page = small.page
    page.locator('#matrix th[data-by="name"] button').focus()
    page.keyboard.press("Enter")
    assert page.locator('#matrix th[data-by="name"]').get_attribute("aria-sort") == "ascending"
    page.locator('[data-only="does_not_fit"]').focus()
    page.keyboard.press("Space")
    assert page.locator('[data-only="does_not_fit"]').get_attribute("aria-pressed") == "true"


def test_filter_by_text_family_and_tier(small: Any) -> None:
    page = small.page
    page.fill('[data-state="q"]', "VIT")
    assert names(page) == ["vit-b16 batch 1"]
    assert "1 of 8" in page.inner_text("#found")
    page.fill('[data-state="q"]', "")
    page.select_option('[data-state="family"]', "language")
    assert names(page) == ["llama-1b tokens 16"]
    assert page.locator("details.work:not([hidden])").count() == 1
    page.select_option('[data-state="family"]', "")
    page.select_option('[data-state="tier"]', "board-1:cpu")
    assert page.locator("#matrix thead th[data-t]:visible").count() == 1
    page.check("#misfits")
    assert names(page) == ["vit-b16 batch 1", "llama-1b tokens 16"]


def test_a_count_filters_when_clicked_and_lets_go_when_clicked_again(small: Any) -> None:
    page = small.page
    page.click('[data-only="thrashes"]')
    assert names(page) == ["thrasher batch 1"]
    page.click('[data-only="thrashes"]')
    assert len(names(page)) == 8
    page.click('[data-only="missed"]')
    assert names(page) == ["mobilenet-v2 batch 1", "vit-b16 batch 1"]
    page.click('[data-only="all"]')
    assert len(names(page)) == 8


def test_the_state_is_in_the_hash_and_comes_back_with_it(small: Any, visit: Any) -> None:
    page = small.page
    page.fill('[data-state="q"]', "batch")
    page.select_option('[data-state="metric"]', "memory")
    sort_by(page, "1")
    page.uncheck('[data-hide="projected"]')
    again = visit(page.url)
    assert "q=batch" in page.url
    assert names(again.page) == names(page)
    assert again.page.input_value('[data-state="metric"]') == "memory"
    assert not again.page.is_checked('[data-hide="projected"]')
    assert again.page.locator('#matrix th[data-by="1"]').get_attribute("aria-sort") == "ascending"


def test_a_hash_that_makes_no_sense_is_harmless(visit: Any, saved: Any) -> None:
    address = saved("everything", sample_runs.everything, ESTIMATE)
    broken = visit(address + "#family=nowhere&sort=99~up&metric=x&__proto__=1&q=%22%3E%3Cb%3E")
    assert broken.said == []
    broken.page.fill('[data-state="q"]', "")
    assert len(names(broken.page)) == 8


def test_a_provenance_can_be_hidden_in_table_and_plots(small: Any) -> None:
    page = small.page
    shown = page.locator("#matrix p:has(.projected):visible, svg .p-projected:visible")
    assert shown.count() >= 2
    page.uncheck('[data-hide="projected"]')
    assert shown.count() == 0
    measured = page.locator("#matrix i:not(.enforced, .projected):visible, main .p-measured:visible")
    assert measured.count() > 0
    page.uncheck('[data-hide="measured"]')
    assert measured.count() == 0
    assert page.locator("#matrix i.enforced:visible").count() > 0
    page.check('[data-hide="measured"]')
    page.uncheck('[data-hide="enforced"]')
    assert measured.count() > 0
    assert page.locator("#matrix i.enforced:visible").count() == 0


def test_the_matrix_switches_to_another_figure(small: Any) -> None:
    page = small.page
    first = page.locator("#matrix tbody tr").first.locator("td[data-t]").first
    assert "9." in first.inner_text()
    page.select_option('[data-state="metric"]', "throughput")
    assert "images/s" in first.inner_text()
    page.select_option('[data-state="metric"]', "energy")
    assert "–" in first.inner_text()
    assert "root only" in page.inner_text("section[aria-labelledby='h-matrix'] .note:last-child")


def test_a_workloads_name_leads_to_its_distributions(visit: Any, saved: Any) -> None:
    page = visit(saved("large", lambda: sample_runs.many(300, 12))).page
    link = page.locator("#matrix tbody th a").nth(250)
    target = link.get_attribute("href").removeprefix("#")
    assert not page.locator(f"[id='{target}']").evaluate("d => d.open")
    link.click()
    page.wait_for_function("id => document.getElementById(id).open", arg=target)
    assert page.locator(f"[id='{target}'] svg").first.is_visible()


TOUCHED = """async (act) => {
  const seen = { attributes: 0, childList: 0 };
  const watch = new MutationObserver((records) => records.forEach((r) => seen[r.type] += 1 ));
  watch.observe(document.body, { subtree: true, childList: true, attributes: true });
  const start = performance.now();
  new Function(act)();
  document.body.offsetHeight;
  const seconds = (performance.now() - start) / 1000;
  await new Promise((done) => setTimeout(done));
  watch.disconnect();
  return [seen.attributes, seen.childList, seconds];
}"""
SORT = "document.querySelector('#matrix th[data-by=\"%s\"] button').click()"
SEARCH = "const q = document.querySelector('[data-state=q]'); q.value = '%s'; q.dispatchEvent(new Event('input'))"


def test_three_hundred_workloads_on_twelve_tiers_stay_responsive(visit: Any, saved: Any) -> None:
    page = visit(saved("large", lambda: sample_runs.many(300, 12))).page
    assert page.evaluate("() => document.querySelectorAll('*').length") < 90_000
    loading = page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd / 1000")
    attributes, moves, seconds = page.evaluate(TOUCHED, SORT % "0")
    assert attributes < 30, "no cell is touched"
    assert 0 < moves <= 2 * 300
    assert seconds < 3 * loading, "sorting costs no more than a few times what showing the page does"
    attributes, moves, seconds = page.evaluate(TOUCHED, SEARCH % "a")
    assert moves <= 2, "what is sorted already is not moved"
    assert attributes <= 2 * 300 + 30
    assert seconds < 3 * loading


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_differ_in_their_ground(scheme: str, visit: Any, saved: Any) -> None:
    watched = visit(saved("everything", sample_runs.everything, ESTIMATE), color_scheme=scheme)
    red = watched.page.evaluate("() => Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert (red > 200) == (scheme == "light")


def test_print_is_a4_landscape_with_the_table_whole(small: Any, tmp_path: Any) -> None:
    page = small.page
    page.emulate_media(media="print")
    assert not page.locator("#controls").is_visible()
    assert (
        page.evaluate("() => getComputedStyle(document.querySelector('#matrix thead')).display") == "table-header-group"
    )
    printed = page.pdf(prefer_css_page_size=True)
    assert b"/MediaBox [0 0 841.9" in printed


@pytest.mark.parametrize("width", [360, 1440])
def test_the_page_itself_never_scrolls_sideways(width: int, small: Any) -> None:
    small.page.set_viewport_size({"width": width, "height": 800})
    assert small.page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_it_reads_without_a_script(visit: Any, saved: Any) -> None:
    watched = visit(saved("everything", sample_runs.everything, ESTIMATE), java_script_enabled=False)
    assert not watched.page.locator("#controls").is_visible()
    assert watched.page.locator("#matrix tbody tr").count() == 8
    with watched.page.expect_download() as caught:
        watched.page.click("a[download$='.csv.gz']")
    assert gzip.decompress(caught.value.path().read_bytes()).startswith(b"workload,family,tier,")


def test_the_downloads_hold_the_figures(small: Any) -> None:
    with small.page.expect_download() as caught:
        small.page.click("a[download$='.csv.gz']")
    assert caught.value.suggested_filename == "2026-11-23T021400-beef.csv"
    text = caught.value.path().read_text(encoding="utf-8")
    assert text.startswith("workload,family,tier,")
    assert "synthetic/llama-1b[tokens=16]" in text
    with small.page.expect_download() as caught:
        small.page.click("a[download$='.json.gz']")
    assert '"columns"' in caught.value.path().read_text(encoding="utf-8")
    assert small.said == []


def test_five_tiers_fit_a_window_of_1280_without_scrolling_sideways(visit: Any, saved: Any) -> None:
    page = visit(saved("everything", sample_runs.everything, ESTIMATE)).page
    page.set_viewport_size({"width": 1280, "height": 900})
    table = page.locator("#matrix")
    assert page.locator("#matrix thead th[data-t]").count() == 5
    assert table.evaluate("t => t.parentElement.scrollWidth <= t.parentElement.clientWidth")
    assert table.evaluate("t => [...t.querySelectorAll('td')].every((c) => c.scrollWidth <= c.clientWidth)")
    widths = page.eval_on_selector_all("#matrix thead th[data-t]", "heads => heads.map((h) => h.offsetWidth)")
    assert widths[4] < min(widths[:4]), "nothing was tried there"


def test_a_cell_that_fits_is_two_lines_high(visit: Any, saved: Any) -> None:
    page = visit(saved("two-lines", lambda: sample_runs.make_run([sample_runs.Work("w")], sample_runs.boards(3)))).page
    page.set_viewport_size({"width": 1280, "height": 900})
    line = page.eval_on_selector("#matrix tbody td[data-t] b", "b => parseFloat(getComputedStyle(b).lineHeight)")
    assert page.eval_on_selector("#matrix tbody tr", "row => row.offsetHeight") < 3 * line
