"""A function ``package.module:function`` that makes a model."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from harness.adopted.inputs import Declared, settle, tensors
from harness.errors import UserError
from harness.model.inquiry import ModelAnswer, ModelQuestion
from harness.model.own import Own
from harness.model.workload import ANY, Model, Place

RUNTIMES = ("torch-eager", ANY)
_RETURNS = "return a torch module, a pair of a module and a tuple of inputs, or a harness.Model"


def requires(own: Own) -> tuple[str, ...]:
    """Its module, which is imported from where it was found."""
    _reach(own)
    return ("torch", own.source.partition(":")[0])


def examine(question: ModelQuestion) -> ModelAnswer:
    """Calls the function. Raises UserError where it cannot be imported or called, or returns something else."""
    function = _function(question.own)
    model = _call(question.own, Place("cpu", "float32", 0, Path(gettempdir())), function)
    inputs = settle(_declared(model.module), question.given) if not model.inputs or question.given else ()
    file = inspect.getsourcefile(function) or ""
    if not file:
        raise UserError("is not written in a file of Python")
    return ModelAnswer(inputs, _dtype(model.module), _runtimes(model), (str(Path(file).absolute()),))


def build(own: Own, place: Place) -> Model:
    """What the function returns, with inputs of the shapes that were given where it brings none."""
    model = _call(own, place, _function(own))
    return Model(model.module, tensors(own.inputs, place.seed)) if own.inputs else model


def _reach(own: Own) -> None:
    if own.directory and own.directory not in sys.path:
        sys.path.insert(0, own.directory)


def _function(own: Own) -> Callable[..., Any]:
    _reach(own)
    module, _, name = own.source.partition(":")
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:
        raise UserError(f"cannot be imported: {_said(error)}", where=_line(error) or own.source) from None
    if not callable(found):
        raise UserError(f"{module} has no function {name}", where=own.source)
    made: Callable[..., Any] = found
    return made


def _call(own: Own, place: Place, function: Callable[..., Any]) -> Model:
    """With the place where it takes something, which tells it dtype, seed and cache."""
    import torch

    torch.manual_seed(place.seed)
    try:
        takes = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
        made = function(place) if takes else function()
    except Exception as error:
        raise UserError(f"raised {_said(error)}", where=_line(error) or own.source) from None
    if isinstance(made, Model):
        return made
    module, inputs = made if isinstance(made, tuple) and len(made) == 2 else (made, ())
    if not isinstance(module, torch.nn.Module) or not isinstance(inputs, Sequence):
        raise UserError(f"returned {type(made).__name__}", where=own.source, hint=_RETURNS)
    return Model(module, tuple(inputs))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _line(error: Exception) -> str:
    """The innermost line outside of installed packages that led to the error, as ``file:line``."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f"{f.filename}:{f.lineno}" for f in frames if _is_users(f.filename)]
    return own[-1] if own else ""


def _is_users(file: str) -> bool:
    return (
        not file.startswith("<")
        and "site-packages" not in file
        and not file.startswith(str(_HARNESS))
        and (not file.startswith(sys.base_prefix))
    )


_HARNESS = Path(__file__).parents[1]


def _declared(module: Any) -> list[Declared]:
    """The arguments that ``forward`` needs, or a plain callable itself."""
    parameters = inspect.signature(getattr(module, "forward", module)).parameters.values()
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
    return [Declared(p.name, None, None) for p in places]


def _dtype(module: Any) -> str:
    import torch

    first = next(module.parameters(), None) if isinstance(module, torch.nn.Module) else None
    return str(first.dtype).removeprefix("torch.") if first is not None else "float32"


def _runtimes(model: Model) -> tuple[str, ...]:
    import torch

    return RUNTIMES if isinstance(model.module, torch.nn.Module) else ("torch-eager",)
