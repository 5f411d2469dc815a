"""A folder of Hugging Face's: the architecture of its config.json with the weights beside it, or with random ones."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.adopted.inputs import Declared, settle, tensors
from harness.adopted.memory import refuse_beyond
from harness.errors import UserError
from harness.model.inquiry import GivenInput, ModelAnswer, ModelQuestion
from harness.model.own import Input, Own
from harness.model.workload import ANY, Model, Place

if TYPE_CHECKING:
    import torch

RUNTIMES = ("torch-eager", ANY)
TOKENS = 128
"""Length of a text where ``--input`` says nothing of it."""


def requires(_own: Own) -> tuple[str, ...]:
    """What holds the architectures."""
    return ("torch", "transformers")


def examine(question: ModelQuestion) -> ModelAnswer:
    """Its inputs, files and weights. Raises UserError where the configuration names nothing that transformers has."""
    folder = Path(question.own.source)
    config = _config(folder)
    architecture, weights = _architecture(folder, config), _weights(folder)
    shapes = _parameters(architecture, config)
    dtype = _dtype(config)
    size = sum(file.stat().st_size for file in weights) or 4 * sum(t.numel() for t in shapes.values())
    refuse_beyond(size, question.memory_bytes)
    inputs = _inputs(architecture, config, question.given)
    return ModelAnswer(inputs, dtype, RUNTIMES, (str(folder / "config.json"), *map(str, weights)), size)


def build(own: Own, place: Place) -> Model:
    """The model, called with its inputs by name."""
    from harness import weights

    folder = Path(own.source)
    config = _config(folder)
    architecture, files = _architecture(folder, config), _weights(folder)
    model = (
        weights.load_files(architecture, config, files, place) if files else weights.load(architecture, config, place)
    )
    floats = {"float32", "float16", "bfloat16"}
    given = [Input(i.name, i.shape, place.dtype if i.dtype in floats else i.dtype, i.below) for i in own.inputs]
    return Model(_by_name(model, [one.name for one in given]), tensors(given, place.seed))


def _config(folder: Path) -> Any:
    from transformers import AutoConfig

    try:
        said = json.loads((folder / "config.json").read_text())
        config = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise UserError(f"cannot be read: {text}", where=str(folder / "config.json")) from None
    if not said.get("architectures"):
        config.architectures = None
    config.use_cache = False
    return config


def _architecture(folder: Path, config: Any) -> type:
    import transformers

    names = config.architectures or []
    found = getattr(transformers, names[0], None) if names else None
    if isinstance(found, type):
        return found
    named = names[0] if names else "no architecture"
    raise UserError(
        f"names {named}, which transformers {transformers.__version__} does not have",
        where=str(folder / "config.json"),
        hint='write its class, such as "architectures": ["ResNetForImageClassification"]',
    )


def _weights(folder: Path) -> list[Path]:
    """The safetensors files beside it; none where the weights are to be random."""
    return sorted(folder.glob("model*.safetensors"))


def _parameters(architecture: type, config: Any) -> dict[str, Any]:
    import torch

    with torch.device("meta"):
        return dict(architecture(config).named_parameters())


def _dtype(config: Any) -> str:
    named = str(getattr(config, "dtype", None) or "float32").removeprefix("torch.")
    return named if named in {"float32", "float16", "bfloat16"} else "float32"


def _inputs(architecture: Any, config: Any, given: Sequence[GivenInput]) -> tuple[Input, ...]:
    """What was given; else what the main input is by custom."""
    known = list(inspect.signature(architecture.forward).parameters)[1:]
    if unknown := [g.name for g in given if g.name not in known]:
        raise UserError(f"has no input {unknown[0]!r}", hint=f"its inputs: {', '.join(known[:12])}")
    usual = _usual(architecture.main_input_name, config)
    wanted = {one.name: one for one in ([usual] if usual else [Declared(architecture.main_input_name, None, None)])}
    if getattr(config, "is_encoder_decoder", False) and "decoder_input_ids" in known:
        wanted["decoder_input_ids"] = Declared("decoder_input_ids", (1, 1), "int64")
    wanted |= {g.name: Declared(g.name, None, _kind(wanted.get(g.name), g)) for g in given}
    inputs = settle(list(wanted.values()), given)
    vocabulary = getattr(config.get_text_config(), "vocab_size", None)
    return tuple(_bounded(one, vocabulary) for one in inputs)


def _kind(usual: Declared | None, given: GivenInput) -> str | None:
    """The data type of an input that is given: of tokens, positions and masks whole numbers."""
    whole = given.name.endswith(("_ids", "_mask"))
    return (usual.dtype if usual else None) or given.dtype or ("int64" if whole else None)


def _bounded(one: Input, vocabulary: int | None) -> Input:
    if one.below is None and one.name.endswith("input_ids") and vocabulary:
        return Input(one.name, one.shape, one.dtype, vocabulary)
    return one


def _usual(name: str, config: Any) -> Declared | None:
    if name == "input_ids":
        longest = getattr(config.get_text_config(), "max_position_embeddings", None) or TOKENS
        return Declared(name, (1, min(TOKENS, longest)), "int64")
    size = getattr(config, "image_size", None)
    if name == "pixel_values" and size:
        sides = (size, size) if isinstance(size, int) else tuple(size)
        return Declared(name, (1, getattr(config, "num_channels", 3), *sides), "float32")
    return None


def _by_name(model: Any, names: list[str]) -> torch.nn.Module:
    """For runtimes, which call a module with its tensors in their order."""
    import torch

    class ByName(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, *places: torch.Tensor) -> Any:
            return self.inner(**dict(zip(names, places, strict=True)))

    return ByName()
