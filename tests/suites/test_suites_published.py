"""The published networks against the operations and weights of the nets that were timed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from shapes import without_numbers

from harness.collect.loading import SuiteFile, load_suite
from harness.features import count, summed
from harness.model.features import Features, OperatorClass
from harness.model.workload import Place, Workload, defects
from harness.runtimes import Loaded, get

pytestmark = pytest.mark.slow

SUITE = load_suite(SuiteFile("published", Path(__file__).parents[2] / "suites/published/suite.py"))
KINDS: dict[str, type[Workload]] = {kind.name: kind for kind in SUITE.workloads}

CLASSES: tuple[tuple[OperatorClass, ...], ...] = (
    ("conv1x1",), ("conv3x3",), ("conv_other",), ("dwconv",), ("gconv",), ("gemv", "gemm", "attention"),
)  # fmt: skip
GFLOP_AND_MB = {
    "alexnet": (0, 0.29904, 0.21083, 0, 0.8217, 0.11724, 243.861),
    "efficientnet_b0": (0.67707, 0, 0.02168, 0.06906, 0, 0.00381, 21.07),
    "googlenet": (0.73829, 1.92555, 0.49945, 0, 0, 0.00205, 27.994),
    "mnasnet": (0.54792, 0, 0.02168, 0.05667, 0, 0.00256, 17.457),
    "mobilenet": (1.07898, 0, 0.02168, 0.03477, 0, 0.00205, 16.884),
    "mobilenet_v2": (0.56157, 0, 0.02168, 0.04143, 0, 0.00256, 13.955),
    "mobilenet_v3": (0.43171, 0, 0.01084, 0.04102, 0, 0.00756, 20.535),
    "proxylessnasnet": (0.56588, 0, 0.02168, 0.08285, 0, 0.00256, 16.258),
    "regnety_400m": (0.66905, 0, 0.02168, 0, 0.11075, 0.00221, 17.322),
    "resnet18": (0.06423, 3.00574, 0.58284, 0, 0, 0.00102, 46.755),
    "resnet50": (3.77645, 3.69938, 0.23603, 0, 0, 0.0041, 102.122),
    "shufflenet": (0.00813, 0, 0.01626, 0.00722, 0.2206, 0.00192, 7.211),
    "shufflenet_v2": (0.26319, 0, 0.01626, 0.00832, 0, 0.00205, 9.082),
    "squeezenet": (0.38096, 0.41184, 0.04413, 0, 0, 0, 4.942),
    "vgg16": (0, 30.69326, 0, 0, 0, 0.24727, 553.43),
    "vision_transformer": (0, 0, 0.67948, 0, 0, 25.40765, 352.587),
}
"""GFLOP (2 a multiply-add) by ``CLASSES`` and MB of float32 weights, counted from the graphs of ncnn's benchmark."""
WORST = {"proxylessnasnet": 0.02}
"""Where more than a thousandth is accepted: one convolution of that net is not known."""


def counted(name: str, place: Place) -> Features:
    workload = KINDS[name]()
    with without_numbers(KINDS[name]):
        model = workload.build(place)
    image = torch.empty_like(model.inputs[0], device="meta")

    def call(*inputs: Any) -> Any:
        with torch.inference_mode():
            return model.module(*inputs)

    subject = Loaded(call, (image,))
    return summed(count("torch-eager", subject, lambda call: workload.step(call, (image,), print), 1), None)


def test_every_network_is_in_the_table_and_declared_soundly() -> None:
    assert set(KINDS) == set(GFLOP_AND_MB)
    assert SUITE.findings == (), "importing it loads nothing heavy"
    assert all(defects(kind) == [] for kind in KINDS.values())
    assert all(kind().items() == 1 for kind in KINDS.values())


@pytest.mark.parametrize("name", KINDS)
def test_operations_by_class_and_weights_are_those_of_the_published_net(
    name: str, place_of: Callable[..., Place]
) -> None:
    *expected, megabytes = GFLOP_AND_MB[name]
    found = counted(name, place_of())
    gflop = [sum(found.find(kind).flop for kind in kinds) / 1e9 for kinds in CLASSES]
    assert gflop == pytest.approx(expected, rel=WORST.get(name, 1e-3), abs=1e-5)
    assert found.weight_bytes / 1e6 == pytest.approx(megabytes, rel=0.02), "batch norms are not folded here"


def converted(runtime: str, name: str, place: Place, folder: Path) -> tuple[Loaded, Features]:
    workload, subject = KINDS[name](), get(runtime)
    subject.prepare(lambda: workload.build(place), place, folder)
    loaded = subject.load(lambda: workload.build(place), place, folder)
    return loaded, summed(count(runtime, loaded, lambda call: workload.step(call, loaded.inputs, print), 1), None)


@pytest.mark.parametrize("name", [n for n in KINDS if n not in {"vgg16", "alexnet", "vision_transformer"}])
def test_in_ncnn_it_is_the_net_that_was_timed(name: str, place_of: Callable[..., Place], tmp_path: Path) -> None:
    *expected, megabytes = GFLOP_AND_MB[name]
    loaded, found = converted("ncnn", name, place_of(), tmp_path)
    gflop = [sum(found.find(kind).flop for kind in kinds) / 1e9 for kinds in CLASSES]
    assert gflop == pytest.approx(expected, rel=WORST.get(name, 1e-3), abs=1e-5)
    assert found.weight_bytes / 1e6 == pytest.approx(megabytes, rel=1e-3), "batch norms are folded"
    assert float(loaded.facts["relative_difference"]) < 1e-4


@pytest.mark.parametrize("name", ["mobilenet_v3", "shufflenet_v2", "squeezenet", "regnety_400m"])
def test_in_onnx_runtime_it_gives_eagers_output(name: str, place_of: Callable[..., Place], tmp_path: Path) -> None:
    loaded, found = converted("onnxruntime", name, place_of(), tmp_path)
    assert float(loaded.facts["relative_difference"]) < 1e-4
    assert found.flop / 1e9 == pytest.approx(sum(GFLOP_AND_MB[name][:-1]), rel=1e-3)


def test_weights_come_from_the_cache_and_do_not_follow_the_seed(place_of: Callable[..., Place]) -> None:
    one, other = (KINDS["squeezenet"]().build(place_of(seed=seed)) for seed in (1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one.module.parameters(), other.module.parameters(), strict=True))
    assert not torch.equal(one.inputs[0], other.inputs[0])
    logits = one.module(*one.inputs)
    assert logits.shape == (1, 1000)
    assert bool(logits.isfinite().all())
