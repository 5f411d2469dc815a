"""A program that ``torch.export.save`` wrote."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from harness.adopted import archive
from harness.adopted.inputs import Declared, settle, tensors
from harness.adopted.memory import refuse_beyond
from harness.errors import UserError
from harness.model.inquiry import ModelAnswer, ModelQuestion
from harness.model.own import Own
from harness.model.workload import Model, Place

if TYPE_CHECKING:
    import torch

RUNTIMES = ("torch-eager",)


def requires(_own: Own) -> tuple[str, ...]:
    """What reads it."""
    return ("torch", "torch.export")


def examine(question: ModelQuestion) -> ModelAnswer:
    """Its inputs and weights. Raises UserError for one that is damaged, holds a pickle, or leaves a shape open."""
    path = Path(question.own.source)
    weights = archive.look(path)
    refuse_beyond(weights, question.memory_bytes)
    program = _load(path)
    inputs = settle(_declared(program), question.given)
    return ModelAnswer(inputs, _dtype(program), RUNTIMES, (str(path),), weights)


def build(own: Own, place: Place) -> Model:
    """The program as a module that takes its tensors one after the other."""
    program = _load(Path(own.source))
    if place.device != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, place.device)
    return Model(_as_module(program), tensors(own.inputs, place.seed))


def _load(path: Path) -> Any:
    import torch

    with _logged() as causes:
        try:
            return torch.export.load(path)
        except Exception as error:
            cause = causes[0] if causes else error
            said = " ".join(str(cause).split())[:300]
            raise UserError(f"PyTorch does not take it: {type(cause).__name__}: {said}", where=str(path)) from None


@contextmanager
def _logged() -> Iterator[list[BaseException]]:
    """Errors that ``torch.export`` tells its log alone, before it raises another one that says less."""
    causes: list[BaseException] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1]:
                causes.append(record.exc_info[1])

    logger, keeper = logging.getLogger("torch.export"), Keeper()
    spoke, logger.propagate = logger.propagate, False
    logger.addHandler(keeper)
    try:
        yield causes
    finally:
        logger.removeHandler(keeper)
        logger.propagate = spoke


def _declared(program: Any) -> list[Declared]:
    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    return [_input(name, values[name]) for name in program.graph_signature.user_inputs if name in values]


def _input(name: str, value: Any) -> Declared:
    import torch

    if not isinstance(value, torch.Tensor):
        raise UserError(f"its input {name} is a {type(value).__name__}, and only tensors can be given")
    shape = tuple(size if isinstance(size, int) else str(size) for size in value.shape)
    return Declared(name, shape, str(value.dtype).removeprefix("torch."))


def _dtype(program: Any) -> str:
    """Of most of its weights."""
    sizes: dict[str, int] = {}
    for tensor in program.state_dict.values():
        if tensor.is_floating_point():
            name = str(tensor.dtype).removeprefix("torch.")
            sizes[name] = sizes.get(name, 0) + tensor.numel()
    return max(sizes, key=lambda name: sizes[name], default="float32")


def _as_module(program: Any) -> torch.nn.Module:
    """For inference as it stands: an exported program can neither be trained nor be told not to be."""
    import torch
    from torch.utils import _pytree as tree

    class Program(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = program.module()

        def train(self, mode: bool = True) -> Self:  # noqa: ARG002 - there is one mode
            return self

        def forward(self, *flat: torch.Tensor) -> Any:
            places, named = tree.tree_unflatten(list(flat), program.call_spec.in_spec)
            return self.inner(*places, **named)

    return Program()
