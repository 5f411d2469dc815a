"""A model of the user's own: what it is, what it is given as inputs, and what makes it the one that it was."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

OwnKind = Literal["onnx", "exported", "function", "config", "workload"]
"""``onnx``: a file of that format. ``exported``: what ``torch.export.save`` wrote. ``function``: called, it makes a
model. ``config``: a folder of Hugging Face's. ``workload``: a class in a file of Python."""

OWN = "own"
"""The suite that such workloads are listed under."""


class Input(Struct, frozen=True, omit_defaults=True):
    """One tensor that a model is called with. A shape ``()`` is a single number."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    below: int | None = None
    """Integers are drawn from 0 to below it; None: all of them are 1."""

    @property
    def spelt(self) -> str:
        """As it is written after ``--input NAME=``: ``1x3x224x224:float32``."""
        return spell(self.shape, self.dtype, self.below)


def spell(shape: tuple[int, ...], dtype: str | None, below: int | None) -> str:
    """What ``--input`` takes after the name."""
    parts = ("x".join(map(str, shape)) or "scalar", dtype, below)
    return ":".join(str(part) for part in parts if part is not None)


class Own(Struct, frozen=True, omit_defaults=True):
    """A model of the user's own as a record keeps it."""

    kind: OwnKind
    source: str
    """Absolute path of a file or folder, or ``package.module:function``."""
    sha256: str = ""
    """Of the file; where there are several, of their names and hashes."""
    files: tuple[str, ...] = ()
    """All that it is read from."""
    inputs: tuple[Input, ...] = ()
    directory: str = ""
    """Where a function's package is looked for."""
