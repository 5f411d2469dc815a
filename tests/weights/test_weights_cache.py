from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import os
import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM
from transformers.models.resnet.configuration_resnet import ResNetConfig
from transformers.models.resnet.modeling_resnet import ResNetForImageClassification

from harness import weights
from harness.errors import MachineError
from harness.model.workload import Place
from harness.weights import entries


def llama(**changed: Any) -> LlamaConfig:
    sizes = {
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
    }
    return LlamaConfig(**(sizes | changed))


def place(cache: Path, dtype: str = "float32", seed: int = 0) -> Place:
    return Place("cpu", dtype, seed, cache)


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / weights.FILE).read_bytes()).hexdigest()


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    return weights.ensure(LlamaForCausalLM, llama(), place(tmp_path))


def test_two_caches_hold_the_same_bytes(tmp_path: Path, entry: Path) -> None:
    other = weights.ensure(LlamaForCausalLM, llama(), place(tmp_path / "other", seed=7))
    assert digest(other) == digest(entry) == json.loads((entry / "seal.json").read_text())["sha256"]


def test_what_is_made_in_pieces_is_what_would_be_made_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(name: str) -> torch.nn.Linear:
        layer: torch.nn.Linear = weights.load_module(lambda: torch.nn.Linear(333, 401), "layer", place(tmp_path / name))
        return layer

    pieces = made("pieces")
    monkeypatch.setattr(entries, "_PIECE", 1 << 40)
    assert torch.equal(pieces.weight, made("once").weight)


def test_a_second_load_writes_nothing(tmp_path: Path, entry: Path) -> None:
    before = (entry / weights.FILE).stat()
    weights.load(LlamaForCausalLM, llama(), place(tmp_path))
    after = (entry / weights.FILE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_files_that_were_read_are_known(tmp_path: Path, entry: Path) -> None:
    weights.load(LlamaForCausalLM, llama(), place(tmp_path))
    assert entry / weights.FILE in weights.used


def truncate(folder: Path) -> None:
    os.truncate(folder / weights.FILE, (folder / weights.FILE).stat().st_size // 2)


def flip_a_byte(folder: Path) -> None:
    with (folder / weights.FILE).open("r+b") as file:
        file.seek(-5, os.SEEK_END)
        byte = file.read(1)
        file.seek(-5, os.SEEK_END)
        file.write(bytes([byte[0] ^ 0xFF]))


def lose_the_seal(folder: Path) -> None:
    (folder / "seal.json").unlink()


def spoil_the_seal(folder: Path) -> None:
    (folder / "seal.json").write_text("[1, 2")


def lose_the_weights(folder: Path) -> None:
    (folder / weights.FILE).unlink()


def empty_the_config(folder: Path) -> None:
    (folder / "config.json").write_text("")


@pytest.mark.parametrize(
    "harm", [truncate, flip_a_byte, lose_the_seal, spoil_the_seal, lose_the_weights, empty_the_config]
)
def test_a_damaged_entry_is_built_again(tmp_path: Path, entry: Path, harm: Any) -> None:
    good = digest(entry)
    harm(entry)
    assert not weights.is_sound(entry)
    weights.load(LlamaForCausalLM, llama(), place(tmp_path))
    assert weights.is_sound(entry)
    assert digest(entry) == good


def test_an_entry_that_was_only_copied_or_touched_is_kept(tmp_path: Path, entry: Path) -> None:
    os.utime(entry / weights.FILE)
    inode = (entry / weights.FILE).stat().st_ino
    weights.load(LlamaForCausalLM, llama(), place(tmp_path))
    assert (entry / weights.FILE).stat().st_ino == inode


def test_writers_at_the_same_time_leave_one_sound_entry(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: weights.ensure(LlamaForCausalLM, llama(), place(tmp_path)), range(4)))
    (folder,) = folders
    assert weights.is_sound(folder)
    assert sorted(p.suffix for p in folder.parent.iterdir()) == ["", ".lock"]


def test_what_a_killed_writer_left_is_swept(tmp_path: Path, entry: Path) -> None:
    part = entry.with_name(entry.name + ".part")
    part.mkdir()
    (part / weights.FILE).write_bytes(b"half")
    truncate(entry)
    weights.ensure(LlamaForCausalLM, llama(), place(tmp_path))
    assert not part.exists()


def test_a_config_or_dtype_of_its_own_has_an_entry_of_its_own() -> None:
    keys = {
        weights.key(LlamaForCausalLM, config, dtype)
        for config in (llama(), llama(num_hidden_layers=3), llama(rope_theta=1e6))
        for dtype in ("float32", "bfloat16")
    }
    assert len(keys) == 6
    assert weights.key(LlamaForCausalLM, llama(), "float32") == weights.key(LlamaForCausalLM, llama(), "float32")


def test_the_users_own_way_of_loading_gives_the_same_model(tmp_path: Path, entry: Path) -> None:
    ours = weights.load(LlamaForCausalLM, llama(), place(tmp_path))
    theirs = LlamaForCausalLM.from_pretrained(entry)
    ids = torch.arange(10)[None]
    with torch.inference_mode():
        assert torch.equal(ours(ids).logits, theirs(ids).logits)


def test_tied_weights_are_stored_once_and_tied_again(tmp_path: Path, entry: Path) -> None:
    with safe_open(entry / weights.FILE, framework="pt") as file:
        names = set(file.keys())
    assert "lm_head.weight" not in names
    assert not any("inv_freq" in name for name in names)
    model = weights.load(LlamaForCausalLM, llama(), place(tmp_path))
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_dtype_asked_for_is_stored_and_loaded(tmp_path: Path, dtype: str) -> None:
    model = weights.load(LlamaForCausalLM, llama(), place(tmp_path, dtype))
    assert {str(p.dtype) for p in model.parameters()} == {f"torch.{dtype}"}
    assert not model.training


def test_batch_norms_get_sane_statistics_and_keep_their_counter(tmp_path: Path) -> None:
    config = ResNetConfig(embedding_size=16, hidden_sizes=[16, 32], depths=[1, 1], num_labels=10)
    model = weights.load(ResNetForImageClassification, config, place(tmp_path))
    kept = dict(model.named_buffers())
    variances = torch.cat([v for k, v in kept.items() if k.endswith("running_var")])
    means = torch.cat([v for k, v in kept.items() if k.endswith("running_mean")])
    assert 0.5 < float(variances.min()) <= float(variances.max()) < 2
    assert float(means.abs().max()) < 0.5
    assert {int(v) for k, v in kept.items() if k.endswith("num_batches_tracked")} == {1}
    with torch.inference_mode():
        assert bool(model(torch.randn(1, 3, 64, 64)).logits.isfinite().all())


def test_matrices_have_the_scale_of_their_fan_in(tmp_path: Path, entry: Path) -> None:
    with safe_open(entry / weights.FILE, framework="pt") as file:
        tensor = file.get_tensor("model.layers.0.mlp.down_proj.weight")
    assert float(tensor.std()) == pytest.approx(1 / math.sqrt(128), rel=0.05)
    assert abs(float(tensor.mean())) < 0.01


def test_every_page_of_the_file_is_written(tmp_path: Path) -> None:
    folder = weights.ensure(LlamaForCausalLM, llama(vocab_size=8192), place(tmp_path, "bfloat16"))
    content = (folder / weights.FILE).read_bytes()
    pages = [content[i : i + 4096] for i in range(0, len(content), 4096)]
    assert len(pages) > 256
    assert sum(any(page) for page in pages) / len(pages) > 0.999


def test_a_cache_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MachineError, match="cannot write weights: Not a directory"):
        weights.ensure(LlamaForCausalLM, llama(), place(tmp_path / "file"))


@contextmanager
def no_file_larger_than(limit: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_write_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    with no_file_larger_than(1 << 16), pytest.raises(MachineError, match="File too large"):
        weights.ensure(LlamaForCausalLM, llama(), place(tmp_path))
    assert [p.suffix for p in (tmp_path / "weights").iterdir()] == [".lock"]
    assert weights.is_sound(weights.ensure(LlamaForCausalLM, llama(), place(tmp_path)))


def test_weights_of_another_shape_are_refused(tmp_path: Path, entry: Path) -> None:
    other = weights.ensure(LlamaForCausalLM, llama(intermediate_size=96), place(tmp_path))
    seal, file = (entry / "seal.json"), (entry / weights.FILE)
    seal.write_bytes((other / "seal.json").read_bytes())
    file.write_bytes((other / weights.FILE).read_bytes())
    with pytest.raises(RuntimeError, match="size"):
        weights.load(LlamaForCausalLM, llama(), place(tmp_path))


class Plain(torch.nn.Module):
    """No architecture of transformers: layers, a buffer that is stored and one that is not."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Conv2d(3, width, 3, bias=False), torch.nn.BatchNorm2d(width))
        self.register_buffer("table", torch.zeros(2, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def test_a_plain_modules_weights_are_written_once_and_follow_no_seed(tmp_path: Path) -> None:
    first = weights.load_module(Plain, "plain", place(tmp_path))
    (file,) = tmp_path.rglob(weights.FILE)
    written = file.stat().st_mtime_ns
    second = weights.load_module(Plain, "plain", place(tmp_path, seed=3))
    assert file.stat().st_mtime_ns == written
    assert file in weights.used
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert bool(first(torch.randn(1, 3, 8, 8)).isfinite().all())
    assert not first.training


def test_a_plain_module_of_another_shape_or_data_type_has_an_entry_of_its_own(tmp_path: Path) -> None:
    weights.load_module(Plain, "plain", place(tmp_path))
    weights.load_module(lambda: Plain(8), "plain", place(tmp_path))
    half = weights.load_module(Plain, "plain", place(tmp_path, dtype="float16"))
    assert len(list(tmp_path.rglob(weights.FILE))) == 3
    assert half.layers[0].weight.dtype == torch.float16


def test_a_plain_modules_damaged_entry_is_written_again(tmp_path: Path) -> None:
    before = weights.load_module(Plain, "plain", place(tmp_path)).state_dict()
    (file,) = tmp_path.rglob(weights.FILE)
    os.truncate(file, 10)
    after = weights.load_module(Plain, "plain", place(tmp_path)).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_an_architecture_of_a_suite_s_own_has_weights_by_its_source(tmp_path: Path) -> None:
    keys = []
    for layers in (1, 2, 1):
        source = tmp_path / "own_architecture.py"
        source.write_text(f"class Net:\n    layers = {layers}\n")
        spec = importlib.util.spec_from_file_location("own_architecture", source)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["own_architecture"] = module
        exec(compile(source.read_text(), str(source), "exec"), module.__dict__)
        keys.append(weights.key(module.Net, llama(), "float32"))
    del sys.modules["own_architecture"]
    assert keys[0] == keys[2] != keys[1]
