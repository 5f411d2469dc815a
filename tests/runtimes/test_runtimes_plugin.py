"""docs/writing-a-runtime.md shows the example package as it is; installed, its runtime is checked and measured."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from plugin_packages import install, tierbench

from harness import store
from harness.model.outcome import Failed, Ok
from harness.runtimes import GROUP, Runtime
from harness.runtimes.converting import Converting

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "examples" / "runtime-package"
PAGE = (ROOT / "docs" / "writing-a-runtime.md").read_text()
SUITE = """
from harness import Model, Workload


class _Small(Workload):
    requires = ("torch",)
    runtimes = ("torch-eager", "any")

    def build(self, place):
        import torch

        torch.manual_seed(0)
        return Model(self.module(torch), (torch.randn(1, 8),))


class Plain(_Small):
    name = "plain"

    def module(self, torch):
        return torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU())


class TwoFaced(_Small):
    name = "two-faced"

    def module(self, torch):
        class Module(torch.nn.Module):
            def forward(self, x):
                return 2 * x if torch.jit.is_tracing() else x.relu()

        return Module()
"""


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.*")), ids=lambda path: path.name)
def test_the_page_shows_the_packages_files(path):
    (shown,) = re.findall(rf"^```\w+ file={re.escape(path.name)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown == path.read_text()


def test_the_page_names_all_that_an_author_may_write():
    named = set(re.findall(r"`(\w+)(?:\([\w, ]*\))?`", PAGE))
    protocol = {*Runtime.__annotations__, "unavailable", "version", "prepare", "load"}
    assert protocol | {*Converting.__annotations__, *Converting.__abstractmethods__} <= named


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment in which the example package, and a broken one, are installed in a folder of their own."""
    return install(PACKAGE, GROUP, tmp_path_factory.mktemp("site"))


@pytest.mark.slow
def test_it_is_listed_and_a_broken_one_with_its_error(installed, tmp_path):
    rows = json.loads(tierbench(installed, tmp_path, "list", "runtimes", "--json").stdout)
    reasons = {(row["runtime"], row["device"]): row["reason"] for row in rows}
    assert reasons["torchscript", "cpu"] is None
    assert reasons["torchscript", "gpu"] == "TorchScript is made for the CPU here, not for the gpu"
    assert reasons["broken", "cpu"] == "the runtime cannot be loaded: RuntimeError: no such library"


@pytest.mark.slow
def test_its_packages_version_is_known_so_that_another_one_converts_anew(installed):
    asked = "from harness.runtimes import plugin_versions; print(plugin_versions())"
    said = subprocess.run([sys.executable, "-c", asked], env=installed, capture_output=True, text=True, check=True)
    assert said.stdout == "{'runtime broken': '1', 'runtime torchscript': '0.1.0'}\n"


@pytest.mark.slow
def test_a_planted_wrong_output_is_refused_in_one_line_and_the_other_case_goes_on(installed, tmp_path):
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "small.py").write_text(SUITE)
    options = [
        "--runtime",
        "torchscript",
        "--processes",
        "1",
        "--budget",
        "0.2",
        "--no-report",
        "--out",
        tmp_path / "r",
    ]
    done = tierbench(installed, tmp_path, "run", "small", *options)
    assert done.returncode == 1, done.stderr
    records = store.read(tmp_path / "r").records
    by_name = {name: [r for r in records if r.trial.case.workload.name == name] for name in ("plain", "two-faced")}
    assert {r.trial.role for r in by_name["plain"]} >= {"need", "timing"}
    assert all(isinstance(r.outcome, Ok) for r in by_name["plain"])
    sound = by_name["plain"][0]
    assert float(sound.facts["relative_difference"]) < 1e-5
    assert sound.find("conversion_time").values[0] > 0
    assert sound.find("converted_size").values[0] > 0
    for record in by_name["two-faced"]:
        assert isinstance(record.outcome, Failed)
        assert record.outcome.error.startswith("the output of torchscript differs from eager by")
        assert record.find("latency") is None, "nothing of it is timed"
    assert "the output of torchscript differs from eager by" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
