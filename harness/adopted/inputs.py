"""What a model is called with: its own word on its inputs and the user's, put together; and seeded tensors of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import UserError
from harness.model.inquiry import GivenInput
from harness.model.own import Input, spell

_SPATIAL, _LENGTH = 224, 128


@dataclass(frozen=True)
class Declared:
    """An input as the model declares it. A size that is left open is a text or None, an open rank a shape of None."""

    name: str
    shape: tuple[int | str | None, ...] | None
    dtype: str | None

    @property
    def is_open(self) -> bool:
        """Whether the user has to say what shape it has."""
        return self.shape is None or any(not isinstance(size, int) for size in self.shape)

    @property
    def shown(self) -> str:
        """The shape for people."""
        if self.shape is None:
            return "of any rank"
        return "x".join(str(size if size is not None else "?") for size in self.shape) or "scalar"

    @property
    def example(self) -> str:
        """What ``--input`` could say, as far as the model leaves it open by custom."""
        shape = self.shape if self.shape is not None else (None, None)
        sizes = tuple(size if isinstance(size, int) else _usual(at, len(shape)) for at, size in enumerate(shape))
        return f"--input {self.name}={spell(sizes, self.dtype or 'float32', None)}"


def _usual(at: int, rank: int) -> int:
    if at == 0:
        return 1
    return _SPATIAL if rank == 4 and at > 1 else _LENGTH


def settle(declared: Sequence[Declared], given: Sequence[GivenInput]) -> tuple[Input, ...]:
    """Every input with its shape. Raises UserError for one that is not known, does not fit, or is not given."""
    names = [one.name for one in declared]
    unknown = [g.name for g in given if g.name not in names]
    if unknown:
        raise UserError(f"has no input {unknown[0]!r}", hint=f"its inputs: {', '.join(names) or 'none'}")
    by_name = {g.name: g for g in given}
    missing = [one for one in declared if one.is_open and one.name not in by_name]
    if missing:
        told = ", ".join(f"{one.name} ({one.shown})" for one in missing)
        raise UserError(
            f"leaves the shape of an input open: {told}",
            hint="give it, such as " + " ".join(one.example for one in missing),
        )
    return tuple(_settled(one, by_name.get(one.name)) for one in declared)


def _settled(declared: Declared, given: GivenInput | None) -> Input:
    if given is None:
        sizes = tuple(size for size in declared.shape or () if isinstance(size, int))
        return Input(declared.name, sizes, declared.dtype or "float32")
    dtype = given.dtype or declared.dtype or "float32"
    if declared.dtype not in (None, dtype):
        raise UserError(f"its input {given.name!r} is {declared.dtype}, not {dtype}", hint=f"write {declared.example}")
    if declared.shape is not None and not _fits(given.shape, declared.shape):
        raise UserError(
            f"its input {given.name!r} is {declared.shown}, not {spell(given.shape, None, None)}",
            hint=f"write {declared.example}",
        )
    return Input(given.name, given.shape, dtype, given.below)


def _fits(given: tuple[int, ...], declared: tuple[int | str | None, ...]) -> bool:
    return len(given) == len(declared) and all(
        not isinstance(size, int) or size == asked for asked, size in zip(given, declared, strict=True)
    )


def arrays(inputs: Sequence[Input], seed: int) -> tuple[Any, ...]:
    """Numpy arrays: normal floats, integers as ``below`` says, truth values all true. The same for the same seed."""
    import numpy

    source = numpy.random.default_rng(seed)
    return tuple(_array(one, source) for one in inputs)


def _array(one: Input, source: Any) -> Any:
    import numpy

    if one.dtype == "bfloat16":
        raise UserError(f"the input {one.name} is bfloat16, which arrays cannot hold")
    kind = numpy.dtype(one.dtype)
    if kind.kind == "f":
        return numpy.asarray(source.standard_normal(one.shape), kind)
    if one.below is None:
        return numpy.ones(one.shape, kind)
    return numpy.asarray(source.integers(0, one.below, one.shape), kind)


def tensors(inputs: Sequence[Input], seed: int) -> tuple[Any, ...]:
    """The same as torch tensors, bfloat16 among them."""
    import torch

    made: list[Any] = []
    for one in inputs:
        wide = Input(one.name, one.shape, "float32", one.below) if one.dtype == "bfloat16" else one
        (array,) = arrays([wide], seed + len(made))
        made.append(torch.from_numpy(array).to(getattr(torch, one.dtype)))
    return tuple(made)
