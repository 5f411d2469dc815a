"""What converted models are made of, against what PyTorch's own count says of the module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from harness.features import NotCounted, count, summed
from harness.features.ncnn_operators import read
from harness.model.features import Features, OperatorClass
from harness.model.workload import Model, Place
from harness.runtimes import Loaded, get

KINDS: tuple[OperatorClass, ...] = ("conv1x1", "conv3x3", "conv_other", "dwconv", "gconv", "gemm", "gemv")


class Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 24, 3, padding=1),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            nn.Conv2d(24, 24, 3, padding=2, dilation=2),
            nn.Conv2d(24, 24, 3, padding=1, groups=24),
            nn.Conv2d(24, 32, 1, stride=2),
            nn.Conv2d(32, 32, 3, padding=1, groups=4),
            nn.Conv2d(32, 8, 5),
            nn.ConvTranspose2d(8, 4, 2, stride=2),
            nn.Flatten(),
            nn.Linear(4 * 8 * 8, 10),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class Products(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(16, 64), nn.Linear(64, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.up(x))
        return torch.softmax(x @ x.transpose(-1, -2), -1) @ self.down(x)


def made_of(runtime: str, module: nn.Module, given: torch.Tensor, folder: Path) -> Features:
    subject, place = get(runtime), Place("cpu", "float32", 0, folder)
    model = Model(module.eval(), (given,))
    subject.prepare(lambda: model, place, folder / runtime)
    loaded = subject.load(lambda: model, place, folder / runtime)
    return summed(count(runtime, loaded, lambda call: call(*loaded.inputs), 2), None)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "ncnn"])
@pytest.mark.parametrize(
    ("module", "given"),
    [(Convolutions(), torch.randn(1, 3, 16, 16)), (Products(), torch.randn(1, 12, 16))],
    ids=["convolutions", "products"],
)
def test_a_converted_model_has_its_modules_flop_by_class(
    runtime: str, module: nn.Module, given: torch.Tensor, tmp_path: Path
) -> None:
    eager, found = made_of("torch-eager", module, given, tmp_path), made_of(runtime, module, given, tmp_path)
    assert {kind: found.find(kind).flop for kind in KINDS} == {kind: eager.find(kind).flop for kind in KINDS}
    assert found.weight_bytes == pytest.approx(eager.weight_bytes, rel=0.03), "BatchNorm is folded"
    assert all(work.seconds and work.seconds > 0 for work in found.classes if work.kind != "dispatch")
    assert all(work.calls and work.activation_bytes for work in found.classes if work.flop)


class Attends(nn.Module):
    """Multi-head attention from its parts, as a vision transformer has it."""

    def __init__(self) -> None:
        super().__init__()
        self.matrices = nn.ModuleList(nn.Linear(32, 32) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (m(x).view(1, -1, 4, 8).transpose(1, 2) for m in self.matrices[:3])
        attended = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.matrices[3](attended.transpose(1, 2).reshape(1, -1, 32))


@pytest.mark.slow
def test_attention_in_ncnn_is_told_from_the_products_around_it(tmp_path: Path) -> None:
    module, given = Attends(), torch.randn(1, 12, 32)
    eager, found = (made_of(runtime, module, given, tmp_path) for runtime in ("torch-eager", "ncnn"))
    for kind in ("gemm", "attention"):
        assert found.find(kind).flop == eager.find(kind).flop  # type: ignore[arg-type]  # a literal in a tuple is a str
    assert found.find("attention").seconds
    assert found.weight_bytes == eager.weight_bytes


@pytest.mark.slow
def test_a_step_that_calls_twice_has_twice_the_work(tmp_path: Path) -> None:
    subject, place = get("ncnn"), Place("cpu", "float32", 0, tmp_path)
    model = Model(nn.Linear(16, 8).eval(), (torch.randn(1, 16),))
    subject.prepare(lambda: model, place, tmp_path)
    loaded = subject.load(lambda: model, place, tmp_path)

    def twice(call: Any) -> Any:
        return [call(*loaded.inputs) for _ in range(2)]

    assert summed(count("ncnn", loaded, twice, 1), None).find("gemv").flop == 2 * 2 * 16 * 8


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "ncnn"])
def test_a_node_with_work_inside_that_is_not_known_is_said(runtime: str, tmp_path: Path) -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.unit = nn.GRU(8, 8, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.unit(x)[0]

    with pytest.raises(NotCounted, match=r"has a (node|layer) GRU, which this version does not count"):
        made_of(runtime, Recurrent(), torch.randn(1, 3, 8), tmp_path)


@pytest.mark.parametrize(("runtime", "said"), [("python", "does not show"), ("other", "does not show")])
def test_a_runtime_that_does_not_show_its_operators_is_said(runtime: str, said: str) -> None:
    with pytest.raises(NotCounted, match=said):
        count(runtime, Loaded(lambda: 1, ()), lambda call: call(), 1)


def test_options_are_read_from_a_param_file() -> None:
    lines = ["7767517", "2 2", "Input in0 0 1 in0", "Convolution conv_0 1 1 in0 out0 0=16 1=3 11=5 9=1 -23310=1,2.0"]
    assert read(lines)["conv_0"] == {0: "16", 1: "3", 11: "5", 9: "1", -23310: "1,2.0"}
