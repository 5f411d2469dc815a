"""Weights in 8 and 4 bits against the float32 weights that they are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from harness import weights
from harness.model.workload import Place
from harness.runtimes.torch_eager import weight_bytes
from harness.weights._few_bits import GROUP, MANY_ROWS, Int4, Int8, replace_linears

IDS = torch.arange(16)[None]
KINDS = {"int8": Int8, "int4": Int4}


def llama(**changed: Any) -> LlamaConfig:
    sizes = {
        "vocab_size": 256,
        "hidden_size": GROUP,
        "intermediate_size": 2 * GROUP,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    }
    return LlamaConfig(**(sizes | changed))


def loaded(cache: Path, bits: str, compute: str = "float32", **changed: Any) -> tuple[nn.Module, dict[str, str]]:
    place = Place("cpu", bits, 0, cache)
    return weights.load_weight_only(LlamaForCausalLM, llama(**changed), place, compute, lambda m: m(IDS).logits)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


def rounded(layer: nn.Module, inputs: int) -> torch.Tensor:
    """The weights that the layer computes with: what it makes of each unit vector."""
    with torch.inference_mode():
        return layer(torch.eye(inputs)).t()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([16, 48]), st.sampled_from([GROUP, 2 * GROUP]), st.floats(1e-3, 1e3))
def test_no_weight_is_off_by_more_than_half_a_step(seed: int, outputs: int, inputs: int, size: float) -> None:
    torch.manual_seed(seed)
    linear = nn.Linear(inputs, outputs, bias=False)
    linear.weight.data = size * torch.randn(outputs, inputs)
    exact = linear.weight.detach()
    step = exact.abs().amax(1, keepdim=True) / 127
    assert ((rounded(Int8(linear, torch.float32), inputs) - exact).abs() <= 0.51 * step).all()
    groups = exact.reshape(outputs, -1, GROUP)
    steps = ((groups.amax(2) - groups.amin(2)) / 15).repeat_interleave(GROUP, 1)
    assert ((rounded(Int4(linear, torch.float32), inputs) - exact).abs() <= 0.51 * steps).all()


@pytest.mark.parametrize("bits", weights.BITS)
def test_a_layer_takes_any_leading_dimensions_and_adds_its_bias(bits: str) -> None:
    linear = nn.Linear(GROUP, 32)
    rows = torch.randn(2, 3, GROUP)
    with torch.inference_mode():
        made = KINDS[bits](linear, torch.float32)(rows)
        assert made.shape == (2, 3, 32)
        assert (made - linear(rows)).abs().max() < 0.2
        linear.bias.zero_()
        assert not torch.equal(made, KINDS[bits](linear, torch.float32)(rows))


def test_many_rows_give_what_few_do() -> None:
    layer, rows = Int8(nn.Linear(GROUP, 32), torch.float32), torch.randn(MANY_ROWS + 3, GROUP)
    with torch.inference_mode():
        assert torch.allclose(layer(rows), torch.cat([layer(row[None]) for row in rows]), atol=1e-5)


@pytest.mark.parametrize("bits", weights.BITS)
def test_a_layer_of_zeros_gives_zeros(bits: str) -> None:
    linear = nn.Linear(GROUP, 16, bias=False)
    nn.init.zeros_(linear.weight)
    assert not rounded(KINDS[bits](linear, torch.float32), GROUP).any()


def test_what_shares_its_weights_or_fits_no_group_stays_as_it_is() -> None:
    model = LlamaForCausalLM(llama(tie_word_embeddings=True))
    assert replace_linears(model, "int8", torch.float32) == 14
    assert type(model.lm_head) is nn.Linear
    odd = nn.Sequential(nn.Linear(GROUP + 2, 16), nn.Linear(GROUP, 16), nn.Linear(GROUP, 10))
    assert replace_linears(odd, "int4", torch.float32) == 1
    assert [type(layer) for layer in odd] == [nn.Linear, Int4, nn.Linear]


@pytest.mark.parametrize("bits", weights.BITS)
@pytest.mark.parametrize("compute", ["float32", "bfloat16"])
def test_the_loaded_model_is_the_float32_one_rounded(cache: Path, bits: str, compute: str) -> None:
    model, facts = loaded(cache, bits, compute)
    whole = weights.load(LlamaForCausalLM, llama(), Place("cpu", "float32", 0, cache))
    with torch.inference_mode():
        expected, found = whole(IDS).logits, model(IDS).logits.float()
    difference = float((found - expected).abs().max() / expected.abs().max())
    assert float(facts["relative_difference"]) == pytest.approx(difference, rel=0.01)
    assert 1e-4 < difference < {"int8": 0.1, "int4": 0.5}[bits]
    assert facts["parameters"] == str(sum(p.numel() for p in whole.parameters()))
    assert facts["weight_only"] == f"15 linear layers in {bits}, computed in {compute}"


def test_fewer_bits_cost_more() -> None:
    torch.manual_seed(0)
    linear, rows = nn.Linear(GROUP, 64, bias=False), torch.randn(8, GROUP)
    with torch.inference_mode():
        off = [float((kind(linear, torch.float32)(rows) - linear(rows)).norm()) for kind in (Int8, Int4)]
    assert off[0] < off[1] / 3


@pytest.mark.parametrize(("bits", "share"), [("int8", 1 + 4 / GROUP), ("int4", 1 / 2 + 8 / GROUP)])
def test_the_layers_take_a_byte_or_half_of_one_a_weight(cache: Path, bits: str, share: float) -> None:
    model, _ = loaded(cache, bits)
    rest = sum(p.numel() for p in model.parameters())
    in_layers = sum(p.numel() for p in LlamaForCausalLM(llama()).parameters()) - rest
    assert weight_bytes(model) == pytest.approx(4 * rest + share * in_layers, rel=0.01)


def test_a_second_load_makes_nothing_and_reads_no_float32_weights(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(cache, "int8")
    weights.used.clear()
    monkeypatch.setattr("harness.weights.weight_only._make", None)
    loaded(cache, "int8")
    (file,) = weights.used
    assert "int8-float32" in file.parent.name


def test_making_them_leaves_the_float32_file_out_of_what_a_trial_reads(tmp_path: Path) -> None:
    weights.used.clear()
    loaded(tmp_path, "int4")
    assert ["int4" in file.parent.name for file in weights.used] == [True]


def test_a_tied_output_is_tied_after_loading_too(cache: Path) -> None:
    model, _ = loaded(cache, "int8", tie_word_embeddings=True)
    assert model.get_parameter("lm_head.weight") is model.get_parameter("model.embed_tokens.weight")


def test_another_device_than_the_cpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="int8 weights have kernels for the CPU alone"):
        weights.load_weight_only(LlamaForCausalLM, llama(), Place("cuda", "int8", 0, tmp_path), "float32", lambda m: m)
