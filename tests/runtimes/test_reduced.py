"""Data types that a runtime makes of a float32 model: the difference from eager is their price."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
import torch
from torch.nn import Conv2d, Flatten, Linear, ReLU, Sequential

from harness.host import board
from harness.host.files import Files
from harness.model.workload import Model, Place
from harness.runtimes import NotSupported, build_dtype, get


def network() -> Model:
    torch.manual_seed(1)
    layers = Sequential(Conv2d(3, 16, 3, padding=1), ReLU(), Flatten(), Linear(16 * 64, 64))
    return Model(layers, (torch.randn(1, 3, 8, 8),))


@pytest.mark.slow
def test_int8_in_onnx_runtime_quarters_the_weights_and_says_what_it_costs(place: Place, tmp_path: Path) -> None:
    runtime, reduced = get("onnxruntime"), dataclasses.replace(place, dtype="int8")
    runtime.prepare(network, reduced, tmp_path)
    loaded = runtime.load(network, reduced, tmp_path)
    weights = sum(4 * p.numel() for p in network().module.parameters())
    assert 0.24 < (loaded.weight_bytes or 0) / weights < 0.3
    assert loaded.conversion is not None
    assert 1e-4 < loaded.conversion.difference < 0.2
    assert loaded.facts["tolerance"] == "1e+00"
    assert loaded.facts["quantisation"].startswith("static, "), "it has a convolution"
    assert loaded.call(*loaded.inputs)[0].shape == (1, 64)
    assert {"QLinearConv"} <= {part.kind for part in loaded.parts(1)[0]}, "the convolution is one of 8 bits"


def products() -> Model:
    torch.manual_seed(1)
    layers = Sequential(Linear(64, 256), ReLU(), Linear(256, 64))
    return Model(layers, (torch.randn(1, 8, 64),))


@pytest.mark.slow
def test_int4_in_onnx_runtime_is_of_the_weights_of_matrix_products(place: Place, tmp_path: Path) -> None:
    runtime, reduced = get("onnxruntime"), dataclasses.replace(place, dtype="int4")
    runtime.prepare(products, reduced, tmp_path)
    loaded = runtime.load(products, reduced, tmp_path)
    weights = sum(4 * p.numel() for p in products().module.parameters())
    assert 0.12 < (loaded.weight_bytes or 0) / weights < 0.2, "half a byte each, and a scale for 32"
    assert loaded.conversion is not None
    assert 1e-3 < loaded.conversion.difference < 0.5
    assert loaded.facts["quantisation"] == "weights alone, in blocks of 32"


@pytest.mark.slow
def test_int8_without_convolutions_takes_activations_as_they_come(place: Place, tmp_path: Path) -> None:
    runtime, reduced = get("onnxruntime"), dataclasses.replace(place, dtype="int8")
    runtime.prepare(products, reduced, tmp_path)
    loaded = runtime.load(products, reduced, tmp_path)
    assert loaded.facts["quantisation"] == "dynamic"
    assert loaded.parts is not None
    assert any("Dynamic" in part.kind for part in loaded.parts(1)[0])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["int8", "int4"])
def test_where_nothing_can_be_in_few_bits_it_is_not_called_so(dtype: str, place: Place, tmp_path: Path) -> None:
    with pytest.raises(NotSupported, match="finds no weights in it to store in so few bits"):
        get("onnxruntime").prepare(
            lambda: Model(ReLU(), (torch.ones(1, 2),)), dataclasses.replace(place, dtype=dtype), tmp_path
        )


@pytest.mark.slow
def test_openvino_computes_in_float32_unless_another_type_is_asked_for(place: Place, tmp_path: Path) -> None:
    runtime = get("openvino")
    runtime.prepare(network, place, tmp_path)
    loaded = runtime.load(network, place, tmp_path)
    assert (loaded.facts["precision"], loaded.facts["pinning"]) == ("f32", "off")
    assert float(loaded.facts["relative_difference"]) < 1e-5
    assert sys.modules["openvino_telemetry"] is None, "nothing is told of a conversion"


@pytest.mark.slow
def test_bfloat16_in_openvino_is_made_of_a_float32_model_where_the_cpu_has_it(place: Place, tmp_path: Path) -> None:
    runtime, reduced = get("openvino"), dataclasses.replace(place, dtype="bfloat16")
    if "bfloat16" not in board.dtypes(Files()):
        assert runtime.unavailable("cpu", "bfloat16") == "this CPU does not compute in bfloat16"
        return
    runtime.prepare(network, reduced, tmp_path)
    loaded = runtime.load(network, reduced, tmp_path)
    assert loaded.facts["precision"] == "bf16"
    assert 1e-5 < float(loaded.facts["relative_difference"]) < 5e-2


def test_a_type_that_this_cpu_does_not_compute_in_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "dtypes", lambda _files: ("float32", "bfloat16"))
    assert get("openvino").unavailable("cpu", "bfloat16") is None
    assert get("openvino").unavailable("cpu", "float16") == "this CPU does not compute in float16"


def test_a_workload_is_built_in_the_type_that_another_is_made_of() -> None:
    assert build_dtype(get("onnxruntime"), "int8") == "float32"
    assert build_dtype(get("openvino"), "bfloat16") == "float32"
    assert build_dtype(get("ncnn"), "float16") == "float16"
    assert build_dtype(get("torch-eager"), "bfloat16") == "bfloat16"
