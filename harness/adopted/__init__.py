"""In a child: makes a workload of a model of the user's own, and says beforehand whether it can be run."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from harness.errors import UserError
from harness.model import codec
from harness.model.inquiry import ModelAnswer, ModelQuestion
from harness.model.own import Own
from harness.model.workload import Model, Place, Workload

_MODULES = {
    "onnx": "harness.adopted.onnx_file",
    "exported": "harness.adopted.exported",
    "function": "harness.adopted.function",
    "config": "harness.adopted.pretrained",
}
"""Each has ``examine(question) -> ModelAnswer``, ``build(own, place) -> Model`` and ``requires(own)``."""


class Adopted(Workload):
    """The model, called once a step with the inputs that it was given."""

    items_unit = "calls"

    def __init__(self, own: Own) -> None:
        self.own = own
        self._module = import_module(_MODULES[own.kind])
        self.requires: tuple[str, ...] = self._module.requires(own)  # type: ignore[misc]  # of the model, not the class

    def build(self, place: Place, *_: Any, **parameters: Any) -> Model:  # noqa: ARG002 - what was given is in own
        """Load it, and make its inputs."""
        built: Model = self._module.build(self.own, place)
        return built

    def items(self, *_: Any, **parameters: Any) -> float:  # noqa: ARG002 - a model does not say how many items it takes
        """A call."""
        return 1.0


def answer(asked: bytes) -> bytes:
    """The answer to an encoded ModelQuestion."""
    return codec.encode(examine(codec.decode(asked, ModelQuestion)))


def examine(question: ModelQuestion) -> ModelAnswer:
    """What the model is; a reason in ``refused`` where it cannot be run."""
    look: Callable[[ModelQuestion], ModelAnswer] = import_module(_MODULES[question.own.kind]).examine
    try:
        return look(question)
    except UserError as error:
        return ModelAnswer(refused=error.what, hint=error.hint, where=error.where)
