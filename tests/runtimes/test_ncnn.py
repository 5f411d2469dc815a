from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy
import pytest
import torch
from torch.nn import Conv2d, Linear, Module, ReLU, Sequential

from harness.model.workload import Model, Place
from harness.runtimes import ncnn
from harness.runtimes._ncnn_net import Ends
from harness.runtimes.ncnn import Ncnn

SWITCHED_OFF = ("fp16_packed off", "fp16_storage off", "fp16_arithmetic off")


def images(batch: int = 1) -> Model:
    torch.manual_seed(1)
    layers = Sequential(Conv2d(3, 16, 3, padding=1), ReLU(), Conv2d(16, 8, 1))
    return Model(layers, (torch.randn(batch, 3, 24, 24),))


def halves() -> Model:
    made = images()
    return Model(made.module.half(), tuple(value.half() for value in made.inputs))


@pytest.mark.slow
def test_in_float32_half_precision_is_off_and_the_options_are_facts(place: Place, tmp_path: Path) -> None:
    Ncnn().prepare(images, place, tmp_path)
    facts = Ncnn().load(images, place, tmp_path).facts
    assert all(option in facts["ncnn_options"] for option in (*SWITCHED_OFF, "winograd_convolution on"))
    assert float(facts["relative_difference"]) < 1e-5


@pytest.mark.slow
@pytest.mark.skipif(not ncnn._cpu_flags() & ncnn._FP16_FLAGS, reason="this CPU has no half precision")
def test_float16_turns_half_precision_on_and_halves_the_weights(place: Place, tmp_path: Path) -> None:
    half = dataclasses.replace(place, dtype="float16")
    Ncnn().prepare(images, place, tmp_path / "float32")
    Ncnn().prepare(halves, half, tmp_path / "float16")
    single = Ncnn().load(images, place, tmp_path / "float32")
    loaded = Ncnn().load(halves, half, tmp_path / "float16")
    assert "fp16_storage on" in loaded.facts["ncnn_options"]
    assert loaded.inputs[0].dtype == numpy.float16
    assert 0.5 < int(loaded.weight_bytes or 0) / int(single.weight_bytes or 1) < 0.6
    assert numpy.abs(loaded.call(*loaded.inputs)[0] - single.call(*single.inputs)[0]).max() < 1e-2


class WithToken(Module):
    """Joins a learnt row to each image, as vision transformers do: a constant that knows the batch it is traced at."""

    def __init__(self) -> None:
        super().__init__()
        self.token = torch.nn.Parameter(torch.randn(1, 1, 16))
        self.embed = Conv2d(3, 16, 8, stride=8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = self.embed(x).flatten(2).transpose(1, 2)
        return torch.cat((self.token.expand(x.shape[0], -1, -1), patches), dim=1)


@pytest.mark.slow
@pytest.mark.parametrize("made", [images(4), Model(WithToken(), (torch.randn(4, 3, 24, 24),))], ids=["plain", "token"])
def test_a_batch_of_images_is_run_as_one(made: Model, place: Place, tmp_path: Path) -> None:
    Ncnn().prepare(lambda: made, place, tmp_path)
    loaded = Ncnn().load(lambda: made, place, tmp_path)
    with torch.inference_mode():
        eager = made.module(*made.inputs).numpy()
    assert numpy.abs(loaded.call(*loaded.inputs)[0] - eager).max() < 1e-4


class Pair(Module):
    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor | tuple[torch.Tensor, ...]]:
        return {"first": x * 2, "rest": (x.relu(), x + 1)}


@pytest.mark.slow
def test_nested_outputs_come_flat_and_in_order(place: Place, tmp_path: Path) -> None:
    made = Model(Pair(), (torch.linspace(-1, 1, 6).reshape(2, 3),))
    Ncnn().prepare(lambda: made, place, tmp_path)
    loaded = Ncnn().load(lambda: made, place, tmp_path)
    found = loaded.call(*loaded.inputs)
    x = made.inputs[0]
    assert all(numpy.allclose(f, e) for f, e in zip(found, (x * 2, x.relu(), x + 1), strict=True))


class Doubled(Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


@pytest.mark.slow
def test_a_first_layer_that_works_in_place_leaves_the_inputs_alone(place: Place, tmp_path: Path) -> None:
    made = Model(Doubled(), (torch.ones(1, 2),))
    Ncnn().prepare(lambda: made, place, tmp_path)
    loaded = Ncnn().load(lambda: made, place, tmp_path)
    assert [loaded.call(*loaded.inputs)[0].tolist() for _ in range(2)] == [[[2.0, 2.0]]] * 2


class Spectrum(Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.fft.rfft(x).abs()


@pytest.mark.slow
def test_an_operator_that_ncnn_has_no_layer_for_is_named(place: Place, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"ncnn has no layer for .*fft"):
        Ncnn().prepare(lambda: Model(Spectrum(), (torch.ones(1, 8),)), place, tmp_path)


@pytest.mark.slow
def test_what_pnnx_cannot_convert_is_said_with_its_own_words(place: Place, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"no TorchScript")
    with pytest.raises(RuntimeError, match=r"pnnx cannot convert it \(exit code -?\d+\): .+"):
        ncnn._pnnx(tmp_path / "model.pt", half=False)


@pytest.mark.slow
def test_token_ids_are_taken(place: Place, tmp_path: Path) -> None:
    layers = Sequential(torch.nn.Embedding(10, 8), Linear(8, 4))
    made = Model(layers, (torch.tensor([[1, 3, 9]]),))
    Ncnn().prepare(lambda: made, place, tmp_path)
    loaded = Ncnn().load(lambda: made, place, tmp_path)
    assert loaded.call(*loaded.inputs)[0].shape == (1, 3, 4)


def test_half_precision_asks_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ncnn, "_cpu_flags", lambda: {"sse2"})
    assert Ncnn().unavailable("cpu", "float16") == "this CPU has no half precision"
    monkeypatch.setattr(ncnn, "_cpu_flags", lambda: {"asimd", "asimdhp"})
    assert Ncnn().unavailable("cpu", "float16") is None


class NetOf:
    def input_names(self) -> list[str]:
        return ["in0", "in1"]

    def output_names(self) -> list[str]:
        return ["out0", "out1"]


def test_batches_are_read_from_pnnxs_example() -> None:
    lines = """
            ex.input("in0", ncnn.Mat(in0.numpy(), batch_index=0).clone())
            ex.input("in1", ncnn.Mat(in1.numpy()).clone())
            out.append(torch.from_numpy(out0.numpy(batch_index=1)))
            out.append(torch.from_numpy(out1.numpy()))
    """
    ends = Ends.of(NetOf(), lines)
    assert ends.inputs == (("in0", 0), ("in1", 233))
    assert ends.outputs == (("out0", 1), ("out1", 233))
