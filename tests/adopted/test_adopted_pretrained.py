"""Folders of Hugging Face's, offline, with networks small enough to be made in a moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.adopted import Adopted, examine
from harness.model.inquiry import GivenInput, ModelAnswer, ModelQuestion
from harness.model.own import Input, Own
from harness.model.workload import Place

RESNET = {
    "model_type": "resnet",
    "architectures": ["ResNetForImageClassification"],
    "embedding_size": 8,
    "hidden_sizes": [8, 16],
    "depths": [1, 1],
    "image_size": 32,
}
LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "vocab_size": 50,
    "max_position_embeddings": 64,
}


def folder(tmp_path: Path, config: dict[str, Any]) -> Path:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "config.json").write_text(json.dumps(config))
    return tmp_path / "net"


def look(path: Path, *given: GivenInput, memory: int = 1 << 30) -> ModelAnswer:
    return examine(ModelQuestion(Own("config", str(path)), given, memory))


def build(path: Path, answer: ModelAnswer, cache: Path) -> Any:
    place = Place("cpu", "float32", 0, cache)
    return Adopted(Own("config", str(path), inputs=answer.inputs)).build(place)


def test_an_image_is_as_large_as_the_configuration_says_and_weights_are_seeded(tmp_path: Path) -> None:
    path = folder(tmp_path, RESNET)
    answer = look(path)
    assert (answer.refused, answer.inputs) == ("", (Input("pixel_values", (1, 3, 32, 32), "float32"),))
    assert answer.files == (str(path / "config.json"),)
    outputs = []
    for _ in range(2):
        model = build(path, answer, tmp_path)
        with torch.inference_mode():
            outputs.append(model.module.eval()(*model.inputs).logits)
    assert torch.equal(*outputs)
    assert outputs[0].shape == (1, 2)


def test_a_text_is_within_the_vocabulary_and_the_longest_position(tmp_path: Path) -> None:
    path = folder(tmp_path, LLAMA)
    answer = look(path)
    assert answer.inputs == (Input("input_ids", (1, 64), "int64", 50),)
    assert look(path, GivenInput("input_ids", (2, 8))).inputs == (Input("input_ids", (2, 8), "int64", 50),)
    model = build(path, answer, tmp_path)
    with torch.inference_mode():
        assert model.module.eval()(*model.inputs).logits.shape == (1, 64, 50)


def test_weights_beside_it_are_its_weights(tmp_path: Path) -> None:
    from transformers import AutoConfig, ResNetForImageClassification

    path = folder(tmp_path, RESNET)
    torch.manual_seed(5)
    saved = ResNetForImageClassification(AutoConfig.from_pretrained(str(path)))
    saved.save_pretrained(path)
    answer = look(path)
    assert answer.files == (str(path / "config.json"), str(path / "model.safetensors"))
    model = build(path, answer, tmp_path)
    assert torch.equal(model.module.inner.classifier[1].weight, saved.classifier[1].weight)
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architectures": None}, "names no architecture, which transformers"),
        ({"architectures": ["NoSuchNet"]}, "names NoSuchNet, which transformers"),
        ({"model_type": "none-of-these"}, "cannot be read"),
        ({"auto_map": {"AutoConfig": "code.Config"}, "model_type": "mine"}, "cannot be read"),
    ],
)
def test_a_configuration_that_names_nothing_known_is_one_line(tmp_path: Path, change: Any, said: str) -> None:
    path = folder(tmp_path, {**RESNET, **change})
    answer = look(path)
    assert said in answer.refused
    assert answer.where == str(path / "config.json")
    assert "\n" not in answer.refused


def test_a_file_that_is_no_json_is_one_line(tmp_path: Path) -> None:
    path = folder(tmp_path, RESNET)
    (path / "config.json").write_text("{")
    assert "cannot be read" in look(path).refused


def test_an_unknown_input_and_too_much_memory_are_refused(tmp_path: Path) -> None:
    path = folder(tmp_path, RESNET)
    assert look(path, GivenInput("picture", (1,))).refused == "has no input 'picture'"
    assert "more than this host's 100 B" in look(path, memory=100).refused
