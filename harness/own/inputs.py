"""Inputs as ``--input`` gives them: ``name=1x3x224x224:float32``, and ``name=1x128:int64:30522`` for integers below."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.errors import UserError
from harness.model.inquiry import GivenInput

DTYPES = (
    "float32", "float16", "bfloat16", "float64", "int64", "int32", "int16", "int8", "uint8", "bool",
)  # fmt: skip
HINT = "write NAME=SHAPE[:DTYPE], such as pixels=1x3x224x224:float32, or ids=1x128:int64:30522 for integers below 30522"
_INPUT = re.compile(
    r"(?P<name>.+)=(?P<shape>scalar|\d+(?:x\d+)*)(?::(?P<dtype>[a-z]+\d*)(?::(?P<below>\d+))?)?\Z", re.DOTALL
)


def parse(texts: Sequence[str]) -> tuple[GivenInput, ...]:
    """The inputs, each name once. Raises UserError with what is wrong and what would be right."""
    found = [_one(text) for text in texts]
    names = [given.name for given in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"--input {twice[0]} is given twice")
    return tuple(found)


def _one(text: str) -> GivenInput:
    match = _INPUT.match(text)
    if match is None:
        raise UserError(f"--input {text!r} cannot be read", hint=HINT)
    shape, dtype = match["shape"], match["dtype"]
    sizes = () if shape == "scalar" else tuple(map(int, shape.split("x")))
    if 0 in sizes:
        raise UserError(f"--input {text!r} has a size of 0", hint=HINT)
    if dtype is not None and dtype not in DTYPES:
        raise UserError(f"--input {text!r}: no data type is called {dtype}", hint="known: " + ", ".join(DTYPES))
    return GivenInput(match["name"], sizes, dtype, _bound(text, dtype, match["below"]))


def _bound(text: str, dtype: str | None, below: str | None) -> int | None:
    if below is None:
        return None
    if dtype is None or "int" not in dtype or int(below) < 1:
        raise UserError(f"--input {text!r}: only integers are drawn below a number, which is 1 or more", hint=HINT)
    return int(below)
