"""One optimisation step of a language model and of ResNet-50, plain and with what is done to save memory.

Every variant of a workload is given the same batch; what differs is one thing at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from harness import Marks, Model, Place, Workload
from harness.weights import load

LLAMA = {
    "vocab_size": 32128,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 6,
    "num_attention_heads": 24,
    "num_key_value_heads": 8,
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-5,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    "tie_word_embeddings": False,
}
"""smol_llama-101M-GQA, the model of the suite ``language``."""

PARTS = 4
"""Into so many the batch is cut where gradients are accumulated."""

_TORCH = ("torch", "torch.optim", "torch.utils.checkpoint")


class _Training(Workload):
    family = "training"
    learns = True
    parameters = {"variant": ("plain", "autocast", "checkpoint", "accumulate", "adafactor")}
    batch: ClassVar[int]
    block: ClassVar[str]
    """The class whose activations are recomputed in the variant ``checkpoint``."""

    def build(self, place: Place, variant: str) -> Model:
        """The network with its optimizer as one module, and a batch."""
        from .trainer import Trainer, optimizer_of, recompute

        network, named = self._network(place)
        if variant == "checkpoint":
            recompute(network, self.block)
        optimizer = optimizer_of(network, factored=variant == "adafactor")
        parts = PARTS if variant == "accumulate" else 1
        trainer = Trainer(network, optimizer, parts, variant == "autocast", named)
        return Model(trainer, self._batch(place))

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        """Forward, backward, update; returns the loss before the update."""
        return call(*inputs)

    def _network(self, place: Place) -> tuple[Any, dict[str, Any]]:
        raise NotImplementedError

    def _batch(self, place: Place) -> tuple[Any, ...]:
        raise NotImplementedError


class Llama100M(_Training):
    """A step on 4 texts of 128 tokens with 101 M parameters."""

    name = "llama-100m-step"
    requires = (*_TORCH, "transformers.models.llama.modeling_llama")
    quick = {"variant": "plain"}
    items_unit = "tokens"
    batch = 4
    tokens: ClassVar[int] = 128
    block = "LlamaDecoderLayer"
    shape: ClassVar[dict[str, Any]] = LLAMA

    def _network(self, place: Place) -> tuple[Any, dict[str, Any]]:
        from transformers.models.llama.configuration_llama import LlamaConfig
        from transformers.models.llama.modeling_llama import LlamaForCausalLM

        return load(LlamaForCausalLM, LlamaConfig(**self.shape), place), {"use_cache": False}

    def _batch(self, place: Place) -> tuple[Any, ...]:
        import torch

        generator = torch.Generator().manual_seed(place.seed)
        ids = torch.randint(self.shape["vocab_size"], (self.batch, self.tokens), generator=generator)
        return ids, ids

    def items(self, variant: str) -> float:
        """Tokens a step."""
        return float(self.batch * self.tokens)


class ResNet50(_Training):
    """A step on 8 images of 224 x 224 with ResNet-50."""

    name = "resnet50-step"
    requires = (*_TORCH, "transformers.models.resnet.modeling_resnet")
    items_unit = "images"
    batch = 8
    side: ClassVar[int] = 224
    block = "ResNetBottleNeckLayer"
    shape: ClassVar[dict[str, Any]] = {"num_labels": 1000}

    def _network(self, place: Place) -> tuple[Any, dict[str, Any]]:
        from transformers.models.resnet.configuration_resnet import ResNetConfig
        from transformers.models.resnet.modeling_resnet import ResNetForImageClassification

        return load(ResNetForImageClassification, ResNetConfig(**self.shape), place), {}

    def _batch(self, place: Place) -> tuple[Any, ...]:
        import torch

        generator = torch.Generator().manual_seed(place.seed)
        images = torch.randn((self.batch, 3, self.side, self.side), generator=generator)
        return images, torch.randint(self.shape["num_labels"], (self.batch,), generator=generator)

    def items(self, variant: str) -> float:
        """Images a step."""
        return float(self.batch)
