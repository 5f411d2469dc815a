from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import torch

from harness.model.workload import Model, Place
from harness.runtimes import get
from harness.runtimes.onnx_runtime import OnnxRuntime

FILE = "model.onnx"

TRIAL = """
import sys
from pathlib import Path
from harness.model.workload import Place
from harness.runtimes import get
runtime = get("onnxruntime")
assert not {"numpy", "onnxruntime"} & set(sys.modules)
loaded = runtime.load(None, Place("cpu", "float32", 0, Path(".")), Path(sys.argv[1]))
assert not {"torch", "onnx", "onnxscript"} & set(sys.modules)
print(loaded.weight_bytes, loaded.facts["threads"], *loaded.call(*loaded.inputs)[0].ravel())
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("cpu", "float32", 0, tmp_path)


def model(seed: int = 0, width: int = 3) -> Model:
    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(width, 2), torch.nn.ReLU(), torch.nn.Linear(2, 4))
    return Model(module, (torch.randn(1, width, generator=torch.Generator().manual_seed(seed)),))


def conversion_time(artefacts: Path) -> int:
    return (artefacts / FILE).stat().st_mtime_ns


@pytest.mark.slow
def test_the_trial_reads_only_what_was_prepared_and_gives_eagers_output(place: Place, tmp_path: Path) -> None:
    artefacts = tmp_path / "a"
    OnnxRuntime().prepare(model, place, artefacts)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    said = subprocess.run(
        [sys.executable, "-c", TRIAL, str(artefacts)], check=True, capture_output=True, text=True, env=environment
    ).stdout.split()
    with torch.inference_mode():
        eager = model().module(*model().inputs).numpy().ravel()
    assert numpy.allclose([float(x) for x in said[2:]], eager, atol=1e-6)
    assert said[:2] == [str(4 * (3 * 2 + 2 + 2 * 4 + 4)), "1"]
    facts = json.loads((artefacts / "converted.json").read_text())
    assert float(facts["relative_difference"]) < 1e-5
    assert float(facts["conversion_seconds"]) > 0


@pytest.mark.slow
def test_preparing_again_converts_only_what_no_longer_holds(place: Place, tmp_path: Path) -> None:
    artefacts = tmp_path / "a"
    OnnxRuntime().prepare(model, place, artefacts)
    first = conversion_time(artefacts)
    OnnxRuntime().prepare(lambda: model(seed=5), place, artefacts)
    assert conversion_time(artefacts) == first
    stored = OnnxRuntime().load(model, place, artefacts).inputs[0]
    assert numpy.array_equal(stored, model(seed=5).inputs[0].numpy()), "inputs follow the seed"
    OnnxRuntime().prepare(lambda: model(width=5), place, artefacts)
    assert conversion_time(artefacts) != first, "other shapes need another conversion"
    os.truncate(artefacts / FILE, 10)
    with pytest.raises(FileNotFoundError, match="prepare has not run"):
        OnnxRuntime().load(model, place, artefacts)
    OnnxRuntime().prepare(model, place, artefacts)
    assert len(OnnxRuntime().load(model, place, artefacts).inputs) == 1


class TwoFaced(torch.nn.Module):
    """Computes something else while it is converted, as modules with a path for export may."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x if torch.compiler.is_exporting() else x


@pytest.mark.slow
def test_an_output_that_differs_is_a_clear_error_and_leaves_nothing_to_load(place: Place, tmp_path: Path) -> None:
    artefacts = tmp_path / "a"
    with pytest.raises(RuntimeError, match="converted output differs from eager by"):
        OnnxRuntime().prepare(lambda: Model(TwoFaced(), (torch.ones(2),)), place, artefacts)
    with pytest.raises(FileNotFoundError, match="prepare has not run"):
        OnnxRuntime().load(model, place, artefacts)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Model(torch.nn.Linear(1, 1), (torch.ones(1), 3)), "only tensors can be inputs"),
        (lambda: Model(abs, (torch.ones(1),)), "only a torch module can be converted"),
    ],
)
def test_what_cannot_be_converted_is_said(made: object, said: str, place: Place, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=said):
        OnnxRuntime().prepare(made, place, tmp_path)  # type: ignore[arg-type]


def test_what_it_cannot_do_is_a_reason() -> None:
    runtime = get("onnxruntime")
    assert runtime.unavailable("cpu", "float32") is None
    assert "not on the gpu" in str(runtime.unavailable("gpu", "float32"))
    assert "not bfloat16" in str(runtime.unavailable("cpu", "bfloat16"))
    assert runtime.version()
    assert not runtime.builds_in_trial
