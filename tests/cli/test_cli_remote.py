"""``--link``: a network before a tier, kept with the run or given to a report."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import store
from harness.errors import Exit
from harness.model.measure import INPUT_BYTES, OUTPUT_BYTES


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """Where the run lies."""
    return tmp_path_factory.mktemp("remote") / "run"


@pytest.fixture(scope="module")
def done(tierbench_once, echo, path):
    """A run on this host, which is reached over a link, and under the limits of a board."""
    links = ("-p", "host", "-p", "rpi5", "--link", "host=20Mbit/s,40ms")
    ended = tierbench_once("run", "echo", "-I", echo, "--processes", 1, "--budget", 0.05, *links, "--out", path)
    assert ended.returncode == Exit.OK, ended.stderr
    return ended


@pytest.mark.slow
def test_need_trials_say_what_goes_there_and_back(done, path):
    records = store.read(path).records
    sizes = {r.trial.role: [r.find(m.id) for m in (INPUT_BYTES, OUTPUT_BYTES)] for r in records}
    assert [m.values for m in sizes["need"] if m] == [(200.0,), (400.0,)]
    assert sizes["timing"] == sizes["ceiling"] == [None, None]


@pytest.mark.slow
def test_the_link_is_kept_with_the_run_and_shown_in_table_and_report(done, tierbench, path):
    host = next(p for p in store.read(path).manifest.profiles if p.id == "host")
    assert [n.name for n in host.network] == ["20 Mbit/s, 40 ms"]
    assert "echo: Host CPU over 20 Mbit/s, 40 ms: about 4" in done.stdout
    assert "Cloud or edge" in (path / "report.html").read_text()
    other = tierbench("report", path, "-f", "markdown", "--link", "host=1Gbit/s,5ms")
    assert "over 1 Gbit/s, 5 ms" in other.stdout
    assert "20 Mbit/s" not in other.stdout


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("20Mbit,40ms", "'20Mbit' is no number with a unit"),
        ("20Mbit/s,40ms", "no profile of this run is of a cloud tier"),
        ("rpi4=20Mbit/s,40ms", "no profile of this run is called 'rpi4' (did you mean"),
    ],
)
def test_bad_input_is_one_line(tierbench, link, said):
    ended = tierbench("run", "--dry-run", "-p", "rpi5", "--link", link)
    assert ended.returncode == Exit.BAD_INPUT
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_resumed_run_keeps_its_links(done, tierbench, path):
    ended = tierbench("run", "--resume", path, "--link", "host=20Mbit/s,40ms")
    assert ended.returncode == Exit.BAD_INPUT
    assert "leave out links" in ended.stderr
