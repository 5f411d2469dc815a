from __future__ import annotations

import gzip
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_runs import Work, boards, everything, make_run, many, with_limit

from harness.errors import ContentError
from harness.model.measure import Finding
from harness.model.record import Run
from harness.render import html
from harness.verdict import Estimate
from harness.view import build

THEME = Path(__file__).parents[2] / "reports" / "default"
VOID = {"meta", "input", "br", "hr", "img", "link"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> &amp; {{ 7*7 }} </style>"


class Page(HTMLParser):
    """The page as a list of (tag, attributes, text inside) and the nesting that it must keep."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        for tag in self.open[-1:]:
            self.texts.setdefault(tag, []).append(data)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in wanted.items())]


@pytest.fixture(scope="module")
def text() -> str:
    case = "synthetic/mobilenet-v2[batch=1]@board-2:cpu/torch-eager/float32/single_stream"
    return html.render(build(everything(), {case: Estimate(0.12, 0.07, 0.2)}), THEME)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def hash_of(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_tags_are_balanced_and_ids_unique(page: Page):
    assert page.unclosed == []
    assert page.open == []
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_policy_allows_only_the_pages_own_style_and_script(page: Page):
    policy = page.all("meta")[1]["content"]
    style, script = "".join(page.texts["style"]), "".join(page.texts["script"])
    assert policy == (
        f"default-src 'none'; style-src {hash_of(style)}; script-src {hash_of(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert len(page.all("style")) == len(page.all("script")) == 1


def test_it_is_self_contained(page: Page):
    for tag, attributes in page.tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "src" not in attributes, tag
        link = attributes.get("href")
        assert link is None or link.startswith(("#", "data:")), link
    assert not page.all("link") + page.all("img") + page.all("iframe")


def test_every_link_inside_leads_somewhere(page: Page):
    ids = {a["id"] for _, a in page.tags if "id" in a}
    assert {a["href"].removeprefix("#") for _, a in page.tags if str(a.get("href")).startswith("#")} <= ids


def test_sections_and_headings_are_there(page: Page):
    assert len(page.all("h1")) == 1
    assert [h.strip() for h in page.texts["h2"]] == [
        "Does it fit, and how fast is it?",
        "What fits instead",
        "Across tiers",
        "Memory, layer by layer",
        "Distributions and all figures, by workload",
        "Findings",
        "Environment and method",
    ]


def test_every_picture_has_a_name_that_says_something(page: Page):
    pictures = page.all("svg", role="img")
    assert len(pictures) > 5
    assert all(len(str(p.get("aria-label"))) > 30 for p in pictures)


def test_the_matrix_can_be_sorted_by_real_buttons(page: Page):
    heads = page.all("th", **{"aria-sort": "none"})
    assert len(heads) == 2 + 5
    assert all(h["scope"] == "col" for h in heads)


def test_counts_are_buttons_that_name_their_filter(page: Page):
    found = [b["data-only"] for b in page.all("button") if "data-only" in b]
    assert found[:3] == ["all", "fits", "does_not_fit"]


def test_a_hosts_time_never_stands_in_a_boards_column(text: str):
    columns = re.findall(r"<td data-t=(\d+)[^>]*>(.*?)</td>", text, re.DOTALL)
    assert columns
    for place, inside in columns:
        if int(place) in {1, 2, 4}:
            assert not re.search(r"\d (ns|µs|ms|s)\b", re.sub(r"timed out.*", "", inside)), inside


def test_what_is_projected_is_marked_in_shape_fill_and_word(text: str):
    cell = next(c for c in re.findall(r"<td data-t=3.*?</td>", text, re.DOTALL) if "projected" in c)
    assert "<i class=projected>projected</i> <b>about 120 ms</b>" in cell
    assert "<use href=#projected " in text


def test_a_limit_that_was_not_enforced_is_never_a_fit_and_an_approximate_one_says_so():
    def boards_of(run: Run) -> list[str]:
        cells = re.findall(r"<td data-t=[12].*?</td>", html.render(build(run), THEME), re.DOTALL)
        return [re.sub(r"<[^>]+>", " ", c) for c in cells]

    loose = boards_of(with_limit(make_run(), given=None, note="nothing here can enforce it"))
    assert len(loose) == 6
    for said in loose:
        assert "fits" not in said
        assert "memory limit not enforced: nothing here can enforce it" in said
        assert re.search(r"measured on host\s+needs \d", said)
    assert all("approximately enforced" in said for said in boards_of(with_limit(make_run(), approximate=True)))


def test_the_downloads_are_in_the_page(page: Page):
    links = {a["download"]: a["href"] for a in page.all("a") if "download" in a}
    assert set(links) == {"2026-11-23T021400-beef.csv.gz", "2026-11-23T021400-beef.json.gz"}
    kind, _, packed = str(links["2026-11-23T021400-beef.csv.gz"]).partition(",")
    assert kind == "data:application/gzip;base64"
    assert gzip.decompress(b64decode(packed)).startswith(b"workload,family")


def test_the_same_view_gives_the_same_page(text: str):
    case = "synthetic/mobilenet-v2[batch=1]@board-2:cpu/torch-eager/float32/single_stream"
    assert html.render(build(everything(), {case: Estimate(0.12, 0.07, 0.2)}), THEME) == text


def test_a_tier_that_was_not_tried_is_a_dash_with_its_reason_at_the_head(page: Page, text: str):
    assert len(page.all("th", **{"class": "narrow"})) == 1
    assert "<small>not tried: its runtime is not installed</small>" in text
    assert len(page.all("td", **{"data-t": "4", "data-s": "unsupported"})) == 8


def test_hostile_names_are_text_and_nothing_else():
    work = Work(HOSTILE, family=HOSTILE, items_unit=HOSTILE)
    finding = Finding("warning", "x", HOSTILE, HOSTILE, HOSTILE)
    text = html.render(build(make_run([work], boards(1), findings=[finding])), THEME)
    page = Page(text)
    assert page.unclosed == []
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert not page.all("img")
    assert "alert(1)" in "".join(page.texts["u"])
    assert "49" not in "".join(page.texts["u"])


@pytest.mark.slow
def test_it_is_small_for_three_workloads_and_bearable_for_a_thousand():
    sizes = [len(html.render(build(run), THEME).encode()) for run in (make_run(), many(300, 12), many(1000, 5))]
    assert sizes[0] < 100 << 10
    assert sizes[1] < 3 << 20
    assert sizes[2] < 6 << 20


@pytest.mark.parametrize(("workloads", "tiers"), [(0, 1), (1, 1)])
def test_the_smallest_runs_make_a_page(workloads: int, tiers: int):
    page = Page(html.render(build(make_run([Work("w")] * workloads, [])), THEME))
    assert page.unclosed == []
    assert len(page.all("th", scope="row")) >= workloads


def theme(
    folder: Path, template: str = "<p>{{ view.headline }}</p>", style: str = "p {}", script: str | None = None
) -> Path:
    (folder / "template.html").write_text(template)
    (folder / "style.css").write_text(style)
    if script is not None:
        (folder / "script.js").write_text(script)
    return folder


def test_a_theme_of_ones_own_needs_a_template_and_a_style(tmp_path: Path):
    assert html.render(build(make_run()), theme(tmp_path)).startswith("<p>2 of 3 workloads fit")


@pytest.mark.parametrize("missing", ["template.html", "style.css"])
def test_a_theme_without_a_part_is_an_error_that_names_it(missing: str, tmp_path: Path):
    (theme(tmp_path) / missing).unlink()
    with pytest.raises(ContentError, match=f"{tmp_path}: the theme has no {missing}"):
        html.render(build(make_run()), tmp_path)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a\nb\n{{ view.nothing }}", "template.html:3: .*nothing"),
        ("a\n{% if %}", "template.html:2: "),
        ("a\n{{ nothing }}", "template.html:2: 'nothing' is undefined"),
        ('{% include "gone.html" %}', "the theme has no gone.html"),
    ],
)
def test_a_broken_template_is_an_error_with_file_and_line(template: str, said: str, tmp_path: Path):
    with pytest.raises(ContentError, match=said):
        html.render(build(make_run()), theme(tmp_path, template))


@pytest.mark.parametrize("bad", ["p {}\n</style><script>", "p {}\n<!--"])
def test_a_style_that_would_break_out_of_the_page_is_refused(bad: str, tmp_path: Path):
    with pytest.raises(ContentError, match=r"style.css:2: .* would end the page's style early"):
        html.render(build(make_run()), theme(tmp_path, style=bad))


def test_a_style_in_no_known_encoding_is_refused(tmp_path: Path):
    (theme(tmp_path) / "style.css").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ContentError, match=r"style.css: cannot be read"):
        html.render(build(make_run()), tmp_path)
