"""Language models of the Llama architecture, about 100 M and 1 B parameters: reading a prompt, and writing tokens.

Beside one short text at a time: long contexts, batches of texts, and weights in 8 or 4 bits as data types.
Every step starts with an empty key-value cache and does the same work: lengths are fixed and nothing ends early.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from harness import Marks, Model, Place, Workload
from harness.weights import BITS, load, load_weight_only

SMALL = {
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
"""smol_llama-101M-GQA: 101.3 M parameters."""

LARGE = {
    "vocab_size": 128256,
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-5,
    "rope_parameters": {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
    "tie_word_embeddings": True,
}
"""Llama-3.2-1B: 1.236 G parameters, the input embedding used again for the output."""

COMPUTED = "bfloat16"
"""What weights in few bits are computed with: the type that PyTorch has fast kernels for."""
PROBED = 64
"""Tokens that a model in few bits is compared over with the one in float32."""


class _Llama(Workload):
    family = "language"
    requires = ("torch", "transformers.models.llama.modeling_llama")
    items_unit = "tokens"
    shape: ClassVar[dict[str, Any]]

    def _model(self, place: Place, prompt: int, batch: int = 1) -> Model:
        import torch

        module, facts = self._loaded(place)
        generator = torch.Generator().manual_seed(place.seed)
        ids = torch.randint(self.shape["vocab_size"], (batch, prompt), generator=generator)
        return Model(module, (ids.to(place.device),), facts=facts)

    def _loaded(self, place: Place) -> tuple[Any, dict[str, str]]:
        """The model, and what is known of it."""
        import torch
        from transformers.models.llama.configuration_llama import LlamaConfig
        from transformers.models.llama.modeling_llama import LlamaForCausalLM

        config = LlamaConfig(**self.shape)
        if place.dtype not in BITS:
            return load(LlamaForCausalLM, config, place), {}
        ids = torch.arange(PROBED)[None] % self.shape["vocab_size"]
        return load_weight_only(LlamaForCausalLM, config, place, COMPUTED, lambda model: model(ids).logits)


class _Prefill(_Llama):
    parameters = {"prompt": (128, 512)}

    def build(self, place: Place, prompt: int) -> Model:
        """The model and a prompt of ``prompt`` tokens."""
        return self._model(place, prompt)

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        """Read the prompt, fill the cache, choose the first token. Returns that token's logits."""
        logits = call(*inputs, use_cache=True, logits_to_keep=1)[0][:, -1]
        logits.argmax(-1).item()
        marks("first_token")
        return logits

    def items(self, prompt: int) -> float:
        """Prompt tokens a step."""
        return float(prompt)


class _Writing(_Llama):
    def _writer(self, place: Place, prompt: int, new: int, batch: int = 1) -> Model:
        model = self._model(place, prompt, batch)
        return replace(model, inputs=(*model.inputs, new))

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        """Write tokens greedily, whatever they are. Returns the last ones' logits.

        They are brought to the host before their mark, as they are when they are shown to someone.
        """
        ids, new = inputs
        out = call(ids, use_cache=True, logits_to_keep=1)
        token = out.logits[:, -1:].argmax(-1)
        token.tolist()
        marks("first_token")
        for _ in range(new - 1):
            out = call(token, past_key_values=out.past_key_values, use_cache=True)
            token = out.logits[:, -1:].argmax(-1)
            token.tolist()
            marks("token")
        return out.logits[:, -1]


class _Decode(_Writing):
    def build(self, place: Place, prompt: int, new: int) -> Model:
        """The model, a prompt of ``prompt`` tokens and ``new`` tokens to write."""
        return self._writer(place, prompt, new)

    def items(self, prompt: int, new: int) -> float:
        """Tokens written a step, the first one included."""
        return float(new)


class _Context(_Writing):
    written: ClassVar[int] = 32

    def build(self, place: Place, context: int) -> Model:
        """The model, and a prompt that is ``written`` tokens short of the context."""
        return self._writer(place, context - self.written, self.written)

    def items(self, context: int) -> float:
        """Tokens written a step, the first one included."""
        return float(self.written)


class _Batch(_Writing):
    prompt: ClassVar[int] = 32
    written: ClassVar[int] = 32

    def build(self, place: Place, batch: int) -> Model:
        """The model and ``batch`` prompts of one length."""
        return self._writer(place, self.prompt, self.written, batch)

    def items(self, batch: int) -> float:
        """Tokens written a step, over all texts."""
        return float(batch * self.written)


class Prefill100M(_Prefill):
    """Reading a prompt with 101 M parameters."""

    name = "llama-100m-prefill"
    shape = SMALL
    quick = {"prompt": 128}
    dtypes = ("float32", "bfloat16", *BITS)


class Decode100M(_Decode):
    """Writing 32 tokens after a prompt of 32 with 101 M parameters."""

    name = "llama-100m-decode"
    shape = SMALL
    parameters = {"prompt": (32,), "new": (32,)}
    quick = {"prompt": 32, "new": 32}
    dtypes = ("float32", "bfloat16", *BITS)


class Prefill1B(_Prefill):
    """Reading a prompt with 1.24 G parameters."""

    name = "llama-1b-prefill"
    shape = LARGE
    dtypes = ("bfloat16", "float32", *BITS)


class Decode1B(_Decode):
    """Writing 8 tokens after a prompt of 32 with 1.24 G parameters."""

    name = "llama-1b-decode"
    shape = LARGE
    parameters = {"prompt": (32,), "new": (8,)}
    quick = {"prompt": 32, "new": 8}
    dtypes = ("bfloat16", "float32", *BITS)


class Context100M(_Context):
    """Writing 32 tokens at the end of a context with 101 M parameters: the key-value cache grows with it."""

    name = "llama-100m-context"
    shape = SMALL
    parameters = {"context": (512, 1024, 2048, 4096, 8192)}
    dtypes = ("float32", "bfloat16", *BITS)


class Context1B(_Context):
    """Writing 32 tokens at the end of a context with 1.24 G parameters."""

    name = "llama-1b-context"
    shape = LARGE
    parameters = {"context": (512, 2048)}
    dtypes = ("bfloat16", "float32", *BITS)


class Batch100M(_Batch):
    """Writing 32 tokens of several texts at once with 101 M parameters."""

    name = "llama-100m-batch"
    shape = SMALL
    parameters = {"batch": (1, 2, 4, 8, 16)}
    dtypes = ("float32", "bfloat16", *BITS)


class Batch1B(_Batch):
    """Writing 16 tokens of several texts at once with 1.24 G parameters."""

    name = "llama-1b-batch"
    shape = LARGE
    written = 16
    parameters = {"batch": (1, 4, 16)}
    dtypes = ("bfloat16", "float32", *BITS)
