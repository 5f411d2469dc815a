"""A case under one of MLPerf's scenarios: its headline in the cell, every try in the details, all of it in the data."""

from __future__ import annotations

from pathlib import Path

import pytest
from loaded_runs import SERVER, at_one_rate, batches, loaded, queries, searched
from msgspec.structs import replace
from sample_runs import make_run

from harness.model.load import Load
from harness.model.record import Run
from harness.render import html, terminal
from harness.view import build

THEME = Path(__file__).parents[2] / "reports" / "default"
MULTI = Load(samples_per_query=8, min_query_count=662)
OFFLINE = Load(min_duration=1.0)


def remarks(run: Run) -> tuple[str, ...]:
    return build(run).matrix.rows[0].cells[0].remarks


def lines(run: Run) -> dict[str, tuple[str, str]]:
    (detail,) = build(run).details
    return {line.metric: (line.figures[0].text, line.figures[0].note) for line in detail.lines if line.figures[0]}


def rows(run: Run) -> list[tuple[str, str, float | None, str]]:
    return [(r.metric, r.marks, r.value, r.unit) for r in build(run).data if r.scenario != "single_stream"]


def test_server_says_the_largest_rate_and_what_it_keeps(capsys):
    from rich.console import Console

    said = "60 queries/s, 99 % of them within 50 ms"
    run = loaded("server", SERVER, searched())
    assert remarks(run) == (said,)
    terminal.show(build(run), Console())
    assert said in capsys.readouterr().out


def test_server_tells_every_try_with_its_verdict_and_what_says_so():
    found = lines(loaded("server", SERVER, searched()))
    assert found["largest rate that keeps 50 ms"][0] == "60 queries/s"
    assert "the search ended at 63 queries/s, which was not valid" in found["largest rate that keeps 50 ms"][1]
    text, note = found["p99 at 60 queries/s"]
    assert text == "40 ms"
    assert note.startswith("valid: 1 of 662 queries over 50 ms")
    assert found["p99 at 63 queries/s"] == ("–", "invalid: 9 of 40 queries over 50 ms")


def test_server_gives_its_figures_as_data():
    found = rows(loaded("server", SERVER, searched()))
    assert ("largest_qps", "", 60.0, "queries/s") in found
    assert ("query_tail", "at 60 queries/s", 0.04, "s") in found


def test_several_processes_have_an_interval_and_their_tries_apart():
    found = lines(loaded("server", SERVER, searched(60.0), searched(58.0), searched(61.0)))
    assert found["largest rate that keeps 50 ms"][0] == "60 queries/s"
    assert "p99 at 58 queries/s, process 2" in found


def test_where_no_rate_keeps_the_deadline_it_is_said_in_the_cell():
    run = loaded("server", SERVER, searched(None))
    reason = "no rate that was tried kept the deadline: too many queries took longer at each"
    assert remarks(run) == (f"largest rate that keeps 50 ms: {reason}",)


def test_at_a_rate_that_was_asked_for_the_tail_is_the_headline():
    run = loaded("server", replace(SERVER, target_qps=20.0), at_one_rate())
    assert remarks(run) == ("99 % of queries at 20 a second within 40 ms",)
    assert "largest rate that keeps 50 ms" not in lines(run)


def test_multi_stream_says_the_percentile_of_a_query():
    run = loaded("multi_stream", MULTI, queries(0.08))
    assert remarks(run) == ("99 % of queries of 8 samples within 80.1 ms",)
    assert lines(run)["latency of a query"][0] == "80 ms"
    assert "MLPerf's early-stopping estimate" in lines(run)["p99 of a query"][1]


def test_too_few_queries_have_no_percentile_and_say_how_many_it_needs():
    run = loaded("multi_stream", MULTI, queries(0.08, count=100))
    assert remarks(run) == ("p99 of a query: p99 needs 662 samples, there are 100",)


def test_single_stream_that_was_asked_for_has_its_90th_percentile():
    run = loaded("single_stream", Load(target_latency_percentile=0.9, min_query_count=64), ())
    (said,) = remarks(run)
    assert said.startswith("90 % of steps within 10")


def test_offline_says_the_fastest_batch_and_tells_all():
    run = loaded("offline", OFFLINE, batches(100.0, 150.0, 151.0))
    assert remarks(run) == ("150 samples/s at batch 2",)
    found = lines(run)
    assert found["throughput at batch 4"][0] == "151 samples/s"
    assert "process peak by then 768 MiB" in found["throughput at batch 4"][1]


@pytest.mark.parametrize("scenario", ["single_stream", "sustained"])
def test_a_run_that_was_loaded_otherwise_has_none_of_it(scenario):
    keys = {line.metric for detail in build(make_run(processes=1)).details for line in detail.lines}
    assert not [key for key in keys if key.startswith("p9") or "largest rate" in key or "batch" in key]


def test_the_section_has_every_try_of_a_search_from_the_slowest_rate_on():
    (table,) = build(loaded("server", SERVER, searched())).load
    assert table.said == ("60 queries/s, 99 % of them within 50 ms",)
    assert table.asked == "queries at random times, one served at a time: 99 % within 50 ms, at the largest rate"
    assert table.columns == ("Process", "Rate", "Queries", "Over 50 ms", "p99", "Longest", "Verdict")
    assert table.lines == (
        ("1", "60 queries/s", "662", "1", "40 ms", "40 ms", "valid"),
        ("1", "63 queries/s", "40", "9", "–", "40 ms", "invalid"),
    )


def test_the_section_has_every_batch_of_an_offline_search():
    (table,) = build(loaded("offline", OFFLINE, batches(100.0, 150.0), batches(110.0, 160.0))).load
    assert table.lines == (("1", "105 samples/s", "256 MiB"), ("2", "155 samples/s", "512 MiB"))


def test_the_section_has_a_line_a_process_of_streams():
    (table,) = build(loaded("multi_stream", MULTI, queries(0.08), queries(0.09))).load
    assert [line[:3] for line in table.lines] == [("1", "662", "80 ms"), ("2", "662", "90 ms")]


@pytest.mark.parametrize(
    "run", [loaded("server", SERVER, searched()), loaded("offline", OFFLINE, batches(100.0, 150.0))]
)
def test_the_page_places_every_word_of_the_section_and_has_none_without_a_load(run):
    view = build(run)
    text = html.render(view, THEME)
    (table,) = view.load
    part = text[text.index('aria-labelledby="h-load"') :]
    for words in (*table.said, table.asked, *table.columns, *(cell for line in table.lines for cell in line)):
        assert words in part[: part.index("</section>")]
    assert 'id="h-load"' not in html.render(build(make_run(processes=1)), THEME)
