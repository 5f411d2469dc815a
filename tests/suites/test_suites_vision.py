from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from harness.model.workload import Place, Workload
from harness.runtimes import get

pytestmark = pytest.mark.slow

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("resnet50", "vit-b-16")]

TRIAL = """
import sys
from pathlib import Path
import numpy
from harness.model.workload import Place
from harness.runtimes import get

def build():
    raise AssertionError("the trial must not build")

loaded = get(sys.argv[3]).load(build, Place("cpu", "float32", 0, Path(".")), Path(sys.argv[1]))
assert not {"torch", "transformers", "onnx", "onnxscript", "pnnx"} & set(sys.modules), "imports what converts"
numpy.save(sys.argv[2], loaded.call(*loaded.inputs)[0])
print(loaded.weight_bytes, loaded.facts["threads"], loaded.facts["relative_difference"])
"""


@pytest.mark.parametrize("name", ["mobilenetv2", *SLOW])
def test_logits_are_finite_and_repeat(
    name: str, vision: dict[str, type[Workload]], place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload, place = vision[name](), place_of()
    loaded = get("torch-eager").load(lambda: workload.build(place, batch=1), place, tmp_path)
    first = workload.step(loaded.call, loaded.inputs, marker)
    assert first.shape == (1, 1000)
    assert bool(first.isfinite().all())
    assert 0.01 < float(first.std()) < 100
    assert torch.equal(first, workload.step(loaded.call, loaded.inputs, marker))
    assert loaded.weight_bytes == pytest.approx(4 * int(loaded.facts["parameters"]), rel=0.02)


def test_inputs_follow_the_seed_and_weights_do_not(
    vision: dict[str, type[Workload]], place_of: Callable[..., Place]
) -> None:
    one, same, other = (vision["mobilenetv2"]().build(place_of(seed=seed), batch=2) for seed in (1, 1, 2))
    assert one.inputs[0].shape == (2, 3, 224, 224)
    assert torch.equal(one.inputs[0], same.inputs[0])
    assert not torch.equal(one.inputs[0], other.inputs[0])
    assert all(torch.equal(a, b) for a, b in zip(one.module.parameters(), other.module.parameters(), strict=True))


def test_items_are_images(vision: dict[str, type[Workload]]) -> None:
    assert {kind().items(batch=8) for kind in vision.values()} == {8.0}
    assert {kind.items_unit for kind in vision.values()} == {"images"}


@pytest.mark.parametrize("runtime", ["onnxruntime", "ncnn"])
def test_converted_it_gives_eagers_output_and_its_trial_loads_no_torch(
    runtime: str, vision: dict[str, type[Workload]], place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload, place = vision["mobilenetv2"](), place_of()
    artefacts, answer = tmp_path / "artefacts", tmp_path / "answer.npy"
    get(runtime).prepare(lambda: workload.build(place, batch=1), place, artefacts)
    command = [sys.executable, "-c", TRIAL, str(artefacts), str(answer), runtime]
    weights, _, difference = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    loaded = get("torch-eager").load(lambda: workload.build(place, batch=1), place, tmp_path)
    eager = workload.step(loaded.call, loaded.inputs, marker).numpy()
    assert numpy.abs(numpy.load(answer) - eager).max() <= 1e-4 * numpy.abs(eager).max()
    assert float(difference) < 1e-4
    assert 0.95 < int(weights) / (4 * 3.505e6) < 1.02
