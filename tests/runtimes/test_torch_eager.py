from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from harness.model.workload import Model, Place
from harness.runtimes import get
from harness.runtimes.torch_eager import TorchEager, weight_bytes

LIGHT = """
import sys
from harness.runtimes import get
eager = get("torch-eager")
print(eager.version(), "|", eager.unavailable("cpu", "float32"), "|", eager.unavailable("gpu", "float32"), "|",
      eager.unavailable("cpu", "int3"))
assert not {"torch", "numpy"} & set(sys.modules)
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("cpu", "float32", 0, tmp_path)


class Tied(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(16, 16, bias=False)
        self.second = torch.nn.Linear(16, 16, bias=False)
        self.second.weight = self.first.weight
        self.register_buffer("scale", torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


def test_it_calls_the_module_for_inference(place: Place, tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout(0.5))
    loaded = TorchEager().load(lambda: Model(module, (torch.ones(2, 4),)), place, tmp_path)
    out = loaded.call(*loaded.inputs)
    assert out.is_inference()
    assert torch.equal(out, loaded.call(*loaded.inputs)), "dropout must be off"
    assert loaded.synchronise is None
    assert loaded.facts["parameters"] == "20"
    assert loaded.facts["torch"] == torch.__version__
    assert loaded.facts["threads"] == str(torch.get_num_threads())
    assert loaded.facts["cpu_capability"]


def test_keyword_arguments_reach_the_module(place: Place, tmp_path: Path) -> None:
    loaded = TorchEager().load(lambda: Model(torch.nn.Linear(4, 4), ()), place, tmp_path)
    assert loaded.call(input=torch.ones(1, 4)).shape == (1, 4)


def test_shared_weights_count_once_and_buffers_count() -> None:
    assert weight_bytes(Tied()) == 4 * (16 * 16 + 4)


def test_any_callable_will_do(place: Place, tmp_path: Path) -> None:
    loaded = TorchEager().load(lambda: Model(lambda x: x + 1, (41,)), place, tmp_path)
    assert loaded.call(*loaded.inputs) == 42
    assert loaded.weight_bytes is None


def test_another_thread_count_than_asked_for_is_an_error(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", str(torch.get_num_threads() + 1))
    with pytest.raises(RuntimeError, match="OMP_NUM_THREADS is"):
        TorchEager().load(lambda: Model(torch.nn.Linear(4, 4), ()), place, tmp_path)


def test_preparing_leaves_the_only_build_to_the_load_that_follows(place: Place, tmp_path: Path) -> None:
    built: list[int] = []

    def build() -> Model:
        built.append(1)
        return Model(torch.nn.Linear(4, 4), ())

    TorchEager().prepare(build, place, tmp_path)
    TorchEager().load(build, place, tmp_path)
    assert built == [1]
    assert list(tmp_path.iterdir()) == []


def test_what_a_model_says_of_itself_is_in_the_facts_and_weighs_more(place: Place, tmp_path: Path) -> None:
    model = Model(torch.nn.Linear(4, 4), (), facts={"parameters": "7", "weight_only": "int8"})
    facts = TorchEager().load(lambda: model, place, tmp_path).facts
    assert (facts["parameters"], facts["weight_only"]) == ("7", "int8")


def test_weights_in_few_bits_are_run_on_the_cpu_alone() -> None:
    assert TorchEager().unavailable("cpu", "int4") is None
    assert TorchEager().unavailable("gpu", "int8") == "weights in int8 alone are run on the CPU here"


def test_asking_what_is_available_imports_no_torch() -> None:
    said = subprocess.run([sys.executable, "-c", LIGHT], check=True, capture_output=True, text=True).stdout
    version, cpu, _, odd = (part.strip() for part in said.split("|"))
    assert version == torch.__version__
    assert cpu == "None"
    assert odd == "PyTorch runs float32, float16, bfloat16, int8, int4 here, not int3"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_no_gpu_is_a_reason() -> None:
    reason = get("torch-eager").unavailable("gpu", "float32")
    assert reason is not None
    assert "GPU" in reason or "CUDA" in reason


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_on_a_gpu_module_and_inputs_move_there(tmp_path: Path) -> None:
    assert TorchEager().unavailable("gpu", "float32") is None
    place = Place("cuda", "float32", 0, tmp_path)
    loaded = TorchEager().load(lambda: Model(torch.nn.Linear(4, 4), (torch.ones(1, 4),)), place, tmp_path)
    assert loaded.call(*loaded.inputs).is_cuda
    assert loaded.synchronise is not None
    loaded.synchronise()
    assert loaded.facts["gpu"]
