from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import pytest
import torch

from harness.meters.composition import Account
from harness.model.workload import Place, Workload
from harness.runtimes import Loaded, get
from harness.weights import ensure

pytestmark = pytest.mark.slow

TINY = {
    "vocab_size": 256,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def tiny(kind: type[Workload]) -> Workload:
    """The workload as it is, over a model of a few thousand parameters."""
    made: Workload = type("Tiny", (kind,), {"shape": TINY})()
    return made


def loaded_for(workload: Workload, place: Place, folder: Path, **point: Any) -> Loaded:
    return get("torch-eager").load(lambda: workload.build(place, **point), place, folder)


@pytest.fixture
def decode(language: dict[str, type[Workload]]) -> Workload:
    return tiny(language["llama-100m-decode"])


@pytest.mark.parametrize("new", [1, 2, 9])
def test_decode_writes_exactly_the_tokens_asked_for(
    decode: Workload, new: int, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    loaded = loaded_for(decode, place_of(), tmp_path, prompt=5, new=new)
    decode.step(loaded.call, loaded.inputs, marker)
    assert marker.names == ["first_token"] + ["token"] * (new - 1)
    assert decode.items(prompt=5, new=new) == new


def test_every_step_starts_afresh(
    decode: Workload, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    loaded = loaded_for(decode, place_of(), tmp_path, prompt=5, new=7)
    assert torch.equal(*(decode.step(loaded.call, loaded.inputs, marker) for _ in range(2)))


def test_the_cache_gives_what_the_whole_text_gives(
    decode: Workload, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    """Decoding with the cache against reading the whole text again for each token."""
    loaded = loaded_for(decode, place_of(), tmp_path, prompt=5, new=7)
    ids = loaded.inputs[0]
    for _ in range(7):
        logits = loaded.call(ids).logits[:, -1]
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], dim=1)
    cached = decode.step(loaded.call, loaded.inputs, marker)
    assert torch.allclose(cached, logits, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_prefill_marks_the_first_token_and_is_finite(
    language: dict[str, type[Workload]], dtype: str, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    prefill = tiny(language["llama-1b-prefill"])
    loaded = loaded_for(prefill, place_of(dtype), tmp_path, prompt=128)
    logits = prefill.step(loaded.call, loaded.inputs, marker)
    assert marker.names == ["first_token"]
    assert logits.shape == (1, 256)
    assert bool(logits.isfinite().all())
    assert prefill.items(prompt=128) == 128


@pytest.mark.parametrize("dtype", ["int8", "int4"])
def test_weights_in_few_bits_write_tokens_and_say_what_they_cost(
    language: dict[str, type[Workload]], dtype: str, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    wide = {"shape": {**TINY, "hidden_size": 128, "intermediate_size": 256}}
    workload: Workload = type("Wide", (language["llama-100m-decode"],), wide)()
    loaded = loaded_for(workload, place_of(dtype), tmp_path, prompt=5, new=3)
    logits = workload.step(loaded.call, loaded.inputs, marker)
    assert marker.names == ["first_token", "token", "token"]
    assert logits.dtype == torch.bfloat16
    assert bool(logits.isfinite().all())
    assert 0 < float(loaded.facts["relative_difference"]) < 0.5
    assert loaded.facts["weight_only"] == f"15 linear layers in {dtype}, computed in bfloat16"
    assert loaded.facts["parameters"] == str(sum(p.numel() for p in full_size(workload).parameters()))


def full_size(workload: Any) -> torch.nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.device("meta"):
        return LlamaForCausalLM(LlamaConfig(**workload.shape))


def parts(workload: Workload, loaded: Loaded) -> dict[str, int]:
    with Account("cpu") as account:
        account.begin_steps(loaded.call, loaded.inputs)
        workload.step(loaded.call, loaded.inputs, lambda _: None)
        return account.peak()


def cache_bytes(texts: int, tokens: int) -> int:
    """Of both layers: keys and values of two heads, 16 float32 wide."""
    return 2 * texts * tokens * 2 * 2 * 16 * 4


@pytest.mark.parametrize("context", [128, 512])
def test_the_cache_grows_with_the_context(
    language: dict[str, type[Workload]], context: int, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload = tiny(language["llama-100m-context"])
    loaded = loaded_for(workload, place_of(), tmp_path, context=context)
    workload.step(loaded.call, loaded.inputs, marker)
    assert marker.names == ["first_token"] + ["token"] * 31
    assert workload.items(context=context) == 32
    assert loaded.inputs[0].shape == (1, context - 32)
    found = parts(workload, loaded)["kv_cache"]
    assert cache_bytes(1, context - 33) <= found <= 2 * cache_bytes(1, context), "old and new while it is appended to"


def test_a_batch_writes_a_token_of_each_text_at_once(
    language: dict[str, type[Workload]], place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload = tiny(language["llama-100m-batch"])
    one, four = (loaded_for(workload, place_of(), tmp_path, batch=batch) for batch in (1, 4))
    logits = workload.step(four.call, four.inputs, marker)
    assert logits.shape == (4, 256)
    assert marker.names == ["first_token"] + ["token"] * 31
    assert workload.items(batch=4) == 4 * 32
    found, single = (parts(workload, loaded)["kv_cache"] for loaded in (four, one))
    assert found == 4 * single


def test_points_that_were_there_keep_their_ids(language: dict[str, type[Workload]]) -> None:
    assert language["llama-100m-prefill"].parameters == {"prompt": (128, 512)}
    assert language["llama-100m-decode"].parameters == {"prompt": (32,), "new": (32,)}
    assert language["llama-1b-decode"].parameters == {"prompt": (32,), "new": (8,)}
    assert {kind.version for kind in language.values()} == {1}


def test_prompts_follow_the_seed(decode: Workload, place_of: Callable[..., Place]) -> None:
    one, same, other = (decode.build(place_of(seed=seed), prompt=64, new=2).inputs[0] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_defaults_are_the_published_precisions(language: dict[str, type[Workload]]) -> None:
    assert language["llama-100m-decode"].dtypes[0] == "float32"
    assert language["llama-1b-decode"].dtypes[:2] == ("bfloat16", "float32")
    assert language["llama-1b-prefill"].parameters == {"prompt": (128, 512)}


@pytest.mark.parametrize("name", ["llama-100m-decode", "llama-1b-decode"])
def test_the_real_models_write_finite_logits(
    name: str, language: dict[str, type[Workload]], place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload = language[name]()
    loaded = loaded_for(workload, place_of(workload.dtypes[0]), tmp_path, prompt=8, new=3)
    logits = workload.step(loaded.call, loaded.inputs, marker)
    assert bool(logits.isfinite().all())
    assert 0.1 < float(logits.float().std()) < 10


def test_every_page_of_the_large_weights_is_written(
    language_file: ModuleType, language: dict[str, type[Workload]], place_of: Callable[..., Place], cache: Path
) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    ensure(LlamaForCausalLM, LlamaConfig(**language["llama-1b-decode"]().shape), place_of("bfloat16"))
    (file,) = (
        f for f in cache.glob("weights/LlamaForCausalLM-bfloat16-*/model.safetensors") if f.stat().st_size > 1 << 30
    )
    empty = pages = 0
    with file.open("rb") as content:
        while block := content.read(1024 * 4096):
            numbers = numpy.frombuffer(block.ljust(-(-len(block) // 4096) * 4096, b"\0"), numpy.uint64)
            written = numbers.reshape(-1, 512).any(axis=1)
            pages += len(written)
            empty += len(written) - int(written.sum())
    assert pages > 600_000
    assert empty / pages < 1e-3
