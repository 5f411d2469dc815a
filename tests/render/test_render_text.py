from __future__ import annotations

import csv as csv_module
import io
import json as json_module
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from rich.console import Console
from sample_runs import Work, boards, everything, make_run, with_fate, with_limit

from harness.checks import Code
from harness.model.case import HOST
from harness.model.measure import Finding
from harness.model.outcome import Failed
from harness.render import csv, json, junit, markdown, terminal
from harness.verdict import Estimate
from harness.view import ReportView, build

PROJECTED = "synthetic/mobilenet-v2[batch=1]@board-0:cpu/torch-eager/float32/single_stream"


@pytest.fixture(scope="module")
def view() -> ReportView:
    return build(everything())


def printed(view: ReportView, terminal_like: bool, width: int = 160) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=terminal_like, width=width, color_system=None, legacy_windows=False
    )
    terminal.show(view, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_on_a_terminal_it_is_a_table_and_then_the_verdict(view: ReportView):
    text = printed(view, terminal_like=True)
    assert "Raspberry Pi 5 (4 GB)" in text
    assert "does not fit" in text
    assert "needs 5.3 of 4 GiB" in text
    assert view.headline.split(";")[0][:60] in text
    assert text.index("│") < text.index(view.headline[:40])


def test_elsewhere_it_is_a_line_a_case_fit_for_grep(view: ReportView):
    lines = printed(view, terminal_like=False, width=40).splitlines()
    cases = [line for line in lines if "Raspberry Pi 5 (4 GB)" in line and "batch" in line]
    assert len(cases) == 7
    assert "│" not in "".join(lines)
    assert view.headline in lines
    assert any("llama-1b" in line and line.endswith("does not fit; needs 5.3 of 4 GiB") for line in lines)


def test_many_tiers_are_cut_into_several_tables():
    text = printed(build(make_run(profiles=boards(11))), terminal_like=True)
    assert text.count("Workload") == 2


def test_markup_in_names_is_shown_as_it_is():
    page = build(make_run([Work("[bold]w[/bold]|`x`<b>", family="[red]")]))
    assert "[bold]w[/bold]|`x`<b>" in printed(page, terminal_like=False)
    assert "[bold]w[/bold]|`x`<b>" in printed(page, terminal_like=True)
    assert r"\[bold\]w\[/bold\]\|\`x\`\<b\>" in markdown.render(page)


def test_markdown_has_a_row_a_workload_and_as_many_fields_as_its_head(view: ReportView):
    rows = [line for line in markdown.render(view).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 8
    assert {row.replace(r"\|", "").count("|") for row in rows} == {len(view.matrix.tiers) + 2}
    assert "**does not fit needs 5.3 of 4 GiB**" in rows[4]
    assert "- **warning** another process used 40 % of a core; another process used 70 % of a core" in markdown.render(
        view
    )


def test_markdown_keeps_a_finding_on_one_line():
    page = build(make_run(findings=[Finding("info", "x", "two\nlines # and *stars*")]))
    assert r"- **info** two lines \# and \*stars\*" in markdown.render(page)


def test_a_projection_is_in_italics_in_markdown():
    text = markdown.render(build(make_run(), {PROJECTED: Estimate(0.12, 0.07, 0.2)}))
    assert "*about 120 ms (70 ms to 200 ms)*" in text


def test_csv_reads_back_as_the_data(view: ReportView):
    rows = list(csv_module.DictReader(io.StringIO(csv.render(view))))
    assert len(rows) == len(view.data)
    for row, original in zip(rows, view.data, strict=True):
        assert row["metric"] == original.metric
        if original.value is None:
            assert row["value"] == ""
        else:
            assert float(row["value"]) == pytest.approx(original.value, rel=1e-6)


def test_a_spreadsheet_will_not_run_what_stands_in_a_csv():
    text = csv.render(build(make_run([Work("w", family="=cmd|' /C calc'!A0")])))
    assert ",'=cmd" in text


def test_json_reads_back_as_the_data(view: ReportView):
    page = json_module.loads(json.render(view))
    assert page["run"] == view.run_id
    figures = [(case["case"], *figure) for case in page["cases"] for figure in case["figures"]]
    assert len(figures) == len(view.data)
    metric, value = page["columns"].index("metric"), page["columns"].index("value")
    for row, original in zip(figures, view.data, strict=True):
        assert (row[0], row[1 + metric]) == (original.case, original.metric)
        assert row[1 + value] == (pytest.approx(original.value, rel=1e-6) if original.value is not None else None)


def test_junit_counts_failures_errors_and_skips(view: ReportView):
    root = ElementTree.fromstring(junit.render(view))
    suites = {s.get("name"): s for s in root}
    assert suites["host:cpu"].get("errors") == "2"
    assert suites["board-3:cpu"].get("skipped") == suites["board-3:cpu"].get("tests") == "8"
    assert suites["board-1:cpu"].get("failures") == "3"
    for suite in root:
        for kind in ("failure", "error", "skipped"):
            name = kind if kind == "skipped" else f"{kind}s"
            assert len(suite.findall(f"testcase/{kind}")) == int(suite.get(name, ""))
    assert suites["board-0:cpu"].find("testcase[@name='llama-1b · tokens 16']/failure").get("message") == (  # type: ignore[union-attr]
        "does not fit: needs 5.3 of 4 GiB"
    )


def test_a_missed_deadline_fails_when_measured_and_never_when_projected():
    page = build(make_run(), {PROJECTED: Estimate(0.12, 0.07, 0.2)})
    suites = {s.get("name"): s for s in ElementTree.fromstring(junit.render(page))}
    assert suites["host:cpu"].get("failures") == "1"
    assert suites["board-0:cpu"].find("testcase[@name='mobilenet-v2 · batch 1']/failure") is None
    assert page.matrix.rows[0].cells[1].deadline.state == "missed"  # type: ignore[union-attr]


def test_a_time_that_is_not_known_is_no_attribute_and_never_0(view: ReportView):
    root = ElementTree.fromstring(junit.render(view))
    assert {c.get("time") for c in root.findall("testsuite[@name='board-0:cpu']/testcase")} == {None}


def test_junit_holds_what_xml_cannot():
    work = with_fate(Work("w"), host_cpu=Failed("bad \x00\x1b[31m <byte> & ]]>", "load"))
    text = junit.render(build(make_run([work], processes=1)))
    message = ElementTree.fromstring(text).find(".//error").get("message")  # type: ignore[union-attr]
    assert message == "failed: bad ��[31m <byte> & ]]>"


def test_every_format_says_that_a_limit_was_not_or_only_approximately_enforced():
    loose, near = (build(with_limit(make_run(), **how)) for how in ({"given": None}, {"approximate": True}))
    assert printed(loose, terminal_like=False).count("not tried; memory limit not enforced; needs ") == 6
    assert markdown.render(loose).count("**not tried memory limit not enforced**<br>") == 6
    assert junit.render(loose).count("<skipped ") == 6
    assert csv.render(loose).count(",unsupported,not enforced,") == csv.render(loose).count("board-")
    assert '"limit":"not enforced"' in json.render(loose)
    assert printed(near, terminal_like=False).count("(approximately enforced)") == 6
    assert markdown.render(near).count("(approximately enforced)") == 6
    assert "does not fit (approximately enforced): needs" in junit.render(near)


def test_all_of_them_take_an_empty_run():
    page = build(replace(make_run([]), records=()))
    for render in (markdown.render, csv.render, json.render, junit.render):
        assert render(page)
    assert "Nothing was tried." in printed(page, terminal_like=True)
    assert "Nothing was tried." in printed(page, terminal_like=False)


def test_junit_gives_no_projected_time():
    boards_cases = [case.id for case in make_run().manifest.plan.cases if case.profile != HOST]
    view = build(make_run(), {case: Estimate(0.12, 0.07, 0.2) for case in boards_cases})
    root = ElementTree.fromstring(junit.render(view))
    times = {suite.get("name"): [case.get("time") for case in suite] for suite in root}
    assert all(time is not None for time in times["host:cpu"])
    assert set(times["board-0:cpu"]) == {None}


def test_markdown_and_csv_say_what_is_not_valid():
    run = make_run()
    doubt = Finding("warning", Code.CANARY_SHIFT, "the machine slowed down")
    spoilt = tuple(replace(r, findings=(doubt,)) if r.trial.role == "timing" else r for r in run.records)
    view = build(replace(run, records=spoilt))
    assert f"not valid: {Code.CANARY_SHIFT}" in markdown.render(view)
    rows = list(csv_module.DictReader(io.StringIO(csv.render(view))))
    said = {row["metric"]: row["validity"] for row in rows if row["tier"] == "host:cpu"}
    assert said["latency"] == f"invalid: {Code.CANARY_SHIFT}"
    assert said["memory"] == ""
    assert {row["validity"] for row in rows if row["tier"] != "host:cpu"} == {""}
