"""Scenarios as a user asks for them: what is refused in one line, and one run of each on real processes."""

from __future__ import annotations

import click
import pytest

from harness import store
from harness.cli import run
from harness.errors import Exit, UserError

pytestmark = pytest.mark.slow

SERVED = '''"""A workload with a deadline, and batches."""

from harness import Model, Workload


class Served(Workload):
    """Waits a millisecond for each sample of a batch, at least two."""

    name = "served"
    runtimes = ("python",)
    parameters = {"batch": (1,)}
    deadline_seconds = 0.05

    def build(self, place, batch):
        import time

        return Model(lambda: time.sleep(max(0.002, 0.001 * batch)))
'''


@pytest.fixture
def served(light):
    (light / "suites" / "served.py").write_text(SERVED)
    return light


def test_the_server_scenario_needs_a_deadline(tierbench, light):
    done = tierbench("run", "light", "-I", light, "--scenario", "server", "--dry-run")
    assert done.returncode == Exit.BAD_INPUT
    assert "light/nap[ms=1] has no deadline for the server scenario to keep (give one" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--deadline", "50ms"), "--deadline is about a scenario"),
        (("--scenario", "offline", "--deadline", "50ms"), "--deadline is about the server scenario"),
        (("--scenario", "server", "--deadline", "50"), "'50' is not a time: write 50ms or 0.05s"),
        (("--scenario", "server", "--deadline", "0ms"), "'0ms' is not a time"),
        (("--scenario", "serve"), "'serve' is not one of"),
        (("--scenario", "offline", "--sustained", "9s"), "--sustained is a scenario of its own"),
        (("--scenario", "server", "--target-qps", "0"), "x>0"),
    ],
)
def test_what_makes_no_sense_is_one_line(given, said):
    with pytest.raises((UserError, click.UsageError)) as refused:
        run.command.main(["--dry-run", *given], standalone_mode=False)
    assert said in str(refused.value.message if isinstance(refused.value, click.UsageError) else refused.value)


@pytest.mark.alone
def test_a_server_run_finds_the_largest_rate_and_keeps_every_try(tierbench, served, tmp_path):
    out = tmp_path / "served"
    given = ("--scenario", "server", "--percentile", 0.9, "--budget", 3, "--out", out, "--no-report")
    done = tierbench("run", "served", "-I", served, *given)
    assert done.returncode == Exit.OK, done.stderr
    timing = next(r for r in store.read(out).records if r.trial.role == "timing")
    assert timing.trial.case.scenario == "server"
    assert timing.trial.pace.load.target_latency == 0.05
    rates, verdicts = (timing.find(name).values for name in ("target_qps", "result_validity"))
    largest = timing.find("largest_target_qps").values[0]
    assert largest in rates
    assert verdicts[rates.index(largest)] == 1.0
    assert "queries/s, 90 % of them within 50 ms" in done.stdout
    shown = tierbench("show", out)
    assert "queries/s, 90 % of them within 50 ms" in shown.stdout


def test_an_offline_run_tells_its_fastest_batch_on_the_page_too(tierbench, served, tmp_path):
    given = ("--scenario", "offline", "--budget", 0.2, "--processes", 1, "--out", tmp_path / "run")
    done = tierbench("run", "served", "-I", served, *given)
    assert done.returncode == Exit.OK, done.stderr
    assert "samples/s at batch" in done.stdout
    assert "samples/s at batch" in (tmp_path / "run" / "report.html").read_text()
