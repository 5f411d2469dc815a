"""The features role in a run: a trial a work on one thread, its record, and what it says where it cannot count."""

from __future__ import annotations

import pytest

import harness
from harness.model.case import Limits

SUITE = """
from harness import Model, Workload


class Small(Workload):
    name = "small"
    requires = ("torch",)
    quick = {}

    def build(self, place):
        import torch

        layers = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 1))
        return Model(layers, (torch.randn(1, 3, 128, 128),))

    def step(self, call, inputs, marks):
        for _ in range(2):
            out = call(*inputs)
            marks("frame")
        return out


class Nap(Workload):
    name = "nap"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        import time

        return Model(lambda: time.sleep(0.001))
"""

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    (folder / "suites").mkdir()
    (folder / "suites" / "two.py").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERBENCH_CACHE", str(folder / "cache"))
        handle = harness.run("two", profiles=("host", "rpi5"), quick=True, include=(folder,), out=folder / "run")
    return {r.trial.case.workload.name: r for r in handle.data.records if r.trial.role == "features"}


def test_a_steps_classes_and_its_time_on_one_thread_are_in_one_record(records):
    record = records["small"]
    assert record.trial.limits == Limits(threads=1)
    assert record.facts["threads"] == "1"
    assert {w.kind: w.calls for w in record.features.classes if w.flop} == {"conv3x3": 2, "conv1x1": 2}
    assert record.features.flop == 2 * 2 * 128 * 128 * (3 * 8 * 9 + 8 * 8)
    latency = record.find("latency", "timed")
    assert len(latency.values) >= 2
    operators = sum(w.seconds for w in record.features.classes if w.seconds)
    assert operators == pytest.approx(sorted(latency.values)[len(latency.values) // 2], rel=1.0)


def test_times_inside_a_step_are_taken_on_one_thread_too(records):
    assert records["small"].find("mark_time", marks="frame").values


def test_a_runtime_whose_operators_cannot_be_counted_has_no_such_trial(records):
    assert "nap" not in records
