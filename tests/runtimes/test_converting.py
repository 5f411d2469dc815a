"""What the runtimes that convert have in common, asked of each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy
import pytest
import torch

from harness.model.workload import Model, Place
from harness.runtimes import NotSupported, WrongOutput, get
from harness.runtimes.converting import Converting

FILES = {"onnxruntime": "model.onnx", "openvino": "model.xml", "ncnn": "model.ncnn.param"}
FILES |= {"executorch": "model.pte"} if find_spec("executorch") else {}  # too large for every environment of tests

TRIAL = """
import sys
from pathlib import Path
from harness.model.workload import Place
from harness.runtimes import get
runtime = get(sys.argv[2])
assert not {"numpy", "onnxruntime", "openvino", "ncnn"} & set(sys.modules)
loaded = runtime.load(None, Place("cpu", "float32", 0, Path(".")), Path(sys.argv[1]))
assert runtime.id == "executorch" or not {"torch", "onnx", "onnxscript", "pnnx"} & set(sys.modules)
print(loaded.weight_bytes, loaded.facts["threads"], *map(float, loaded.call(*loaded.inputs)[0].ravel()))
"""

WEIGHTS = 4 * (3 * 2 + 2 + 2 * 4 + 4)
WHOLE_FILE = ("executorch",)
"""Its weights' size is that of the one file in which they lie."""
FLAG = 4
"""ncnn keeps a word before each matrix that says how it is stored."""


@pytest.fixture(params=list(FILES))
def runtime(request: pytest.FixtureRequest) -> Converting:
    found = get(request.param)
    assert isinstance(found, Converting)
    return found


def model(seed: int = 0, width: int = 3) -> Model:
    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(width, 2), torch.nn.ReLU(), torch.nn.Linear(2, 4))
    return Model(module, (torch.randn(1, width, generator=torch.Generator().manual_seed(seed)),))


@pytest.mark.slow
def test_the_trial_reads_only_what_was_prepared_and_gives_eagers_output(
    runtime: Converting, place: Place, tmp_path: Path
) -> None:
    artefacts = tmp_path / "a"
    runtime.prepare(model, place, artefacts)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", TRIAL, str(artefacts), runtime.id]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.split()
    with torch.inference_mode():
        eager = model().module(*model().inputs).numpy().ravel()
    assert numpy.allclose([float(x) for x in said[2:]], eager, atol=1e-6)
    assert said[1] == "1"
    assert int(said[0]) == WEIGHTS + (2 * FLAG if runtime.id == "ncnn" else 0) or runtime.id in WHOLE_FILE
    facts = json.loads((artefacts / "converted.json").read_text())
    assert float(facts["relative_difference"]) < 1e-5
    assert float(facts["conversion_seconds"]) > 0
    assert int(facts["file_bytes"]) >= int(facts["weight_bytes"])


@pytest.mark.slow
def test_preparing_again_converts_only_what_no_longer_holds(runtime: Converting, place: Place, tmp_path: Path) -> None:
    artefacts = tmp_path / "a"
    file = artefacts / FILES[runtime.id]
    runtime.prepare(model, place, artefacts)
    first = file.stat().st_mtime_ns
    runtime.prepare(lambda: model(seed=5), place, artefacts)
    assert file.stat().st_mtime_ns == first
    stored = runtime.load(model, place, artefacts).inputs[0]
    assert numpy.array_equal(stored, model(seed=5).inputs[0].numpy()), "inputs follow the seed"
    runtime.prepare(lambda: model(width=5), place, artefacts)
    assert file.stat().st_mtime_ns != first, "other shapes need another conversion"
    os.truncate(file, 10)
    with pytest.raises(FileNotFoundError, match="prepare has not run"):
        runtime.load(model, place, artefacts)
    runtime.prepare(model, place, artefacts)
    loaded = runtime.load(model, place, artefacts)
    assert len(loaded.inputs) == 1
    assert loaded.conversion is not None
    assert loaded.conversion.seconds > 0
    assert loaded.conversion.file_bytes > WEIGHTS
    assert loaded.conversion.difference < 1e-5


class TwoFaced(torch.nn.Module):
    """Computes something else while it is converted, as modules with a path for export may."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x if torch.compiler.is_exporting() or torch.jit.is_tracing() else torch.relu(x)


@pytest.mark.slow
def test_an_output_that_differs_is_a_clear_error_and_leaves_nothing_to_load(
    runtime: Converting, place: Place, tmp_path: Path
) -> None:
    artefacts = tmp_path / "a"
    with pytest.raises(WrongOutput, match=f"the output of {runtime.id} differs from eager by 1.00e"):
        runtime.prepare(lambda: Model(TwoFaced(), (torch.ones(1, 2),)), place, artefacts)
    with pytest.raises(FileNotFoundError, match="prepare has not run"):
        runtime.load(model, place, artefacts)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Model(torch.nn.Linear(1, 1), (torch.ones(1), 3)), "only tensors can be inputs"),
        (lambda: Model(abs, (torch.ones(1),)), "only a torch module can be converted"),
    ],
)
def test_what_cannot_be_converted_is_said(
    made: Callable[[], Model], said: str, runtime: Converting, place: Place, tmp_path: Path
) -> None:
    with pytest.raises(NotSupported, match=said):
        runtime.prepare(made, place, tmp_path)


class Refusing(torch.nn.Module):
    """Runs, but cannot be converted."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.compiler.is_exporting() or torch.jit.is_tracing():
            raise ValueError("not for export")
        return x


@pytest.mark.slow
def test_what_its_tools_refuse_is_not_supported_with_their_reason(
    runtime: Converting, place: Place, tmp_path: Path
) -> None:
    with pytest.raises(NotSupported, match=rf"^{runtime.id} cannot run it: (.|\n)*not for export"):
        runtime.prepare(lambda: Model(Refusing(), (torch.ones(1),)), place, tmp_path)


def test_what_it_cannot_do_is_a_reason(runtime: Converting) -> None:
    assert runtime.unavailable("cpu", "float32") is None
    assert "not on the gpu" in str(runtime.unavailable("gpu", "float32"))
    assert "not complex64" in str(runtime.unavailable("cpu", "complex64"))
    assert runtime.version()
    assert not runtime.builds_in_trial


def test_a_tool_that_is_not_installed_is_named_with_the_extra_that_brings_it(
    runtime: Converting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(runtime), "tools", (*runtime.tools, "no_such_tool"))
    expected = f"not installed: no_such_tool (pip install tierbench[{runtime.id}])"
    assert runtime.unavailable("cpu", "float32") == expected
