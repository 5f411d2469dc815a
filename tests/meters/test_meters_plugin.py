"""docs/writing-a-meter.md shows the example package as it is; installed, its meter is listed and measures."""

import json
import re
from pathlib import Path

import pytest
from plugin_packages import install, tierbench

from harness import store
from harness.cli.doctor import shown_meter
from harness.meters import GROUP, Meter
from harness.model.machine import MeterState
from harness.model.measure import Metric

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "examples" / "meter-package"
PAGE = (ROOT / "docs" / "writing-a-meter.md").read_text()
NAP = """
from harness import Model, Workload


class Nap(Workload):
    name = "nap"
    runtimes = ("python",)

    def build(self, place):
        import time

        return Model(lambda: time.sleep(0.001))
"""


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.*")), ids=lambda path: path.name)
def test_the_page_shows_the_packages_files(path):
    (shown,) = re.findall(rf"^```\w+ file={re.escape(path.name)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown == path.read_text()


def test_the_page_names_all_of_the_protocol():
    members = {*Meter.__annotations__, "available", "begin", "end"}
    assert members <= set(re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment in which the example package, and a broken one, are installed in a folder of their own."""
    return install(PACKAGE, GROUP, tmp_path_factory.mktemp("site"))


@pytest.mark.slow
def test_doctor_lists_it_with_its_state_roles_and_metrics(installed, tmp_path):
    meters = {
        m["id"]: m
        for m in json.loads(tierbench(installed, tmp_path, "doctor", "--json").stdout)["capabilities"]["meters"]
    }
    found = meters["storage"]
    assert found["reason"] is None
    assert (found["roles"], found["devices"]) == (["need", "timing"], ["cpu", "gpu"])
    assert [(m["id"], m["unit"], m["resolution"]) for m in found["metrics"]] == [
        ("storage_read", "B", "a page or a sector of the device")
    ]
    assert meters["broken"]["reason"] == "the meter cannot be loaded: RuntimeError: no such library"


@pytest.mark.slow
def test_its_figures_are_in_the_records_and_a_broken_one_harms_nothing(installed, tmp_path):
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "nap.py").write_text(NAP)
    options = ["--processes", "1", "--budget", "0.2", "--no-report", "--out", tmp_path / "run"]
    done = tierbench(installed, tmp_path, "run", "nap", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    records = store.read(tmp_path / "run").records
    found = {r.trial.role: r.find("storage_read", "timed") for r in records}
    assert found["timing"] is not None
    assert found["timing"].values[0] >= 0
    assert found["need"].metric.resolution == "a page or a sector of the device"


def test_a_meter_is_shown_with_its_roles_and_metrics():
    metric = Metric("storage_read", "B", "lower", "process", "read")
    usable = MeterState("storage", None, ("need", "timing"), ("cpu",), (metric,))
    assert shown_meter(usable) == ("storage", None, "in need, timing: storage_read (B)")
    assert shown_meter(MeterState("lost", "not there")) == ("lost", "not there", "")
