"""What is asked of a child that may load what the command line must not, and what it answers."""

from __future__ import annotations

from msgspec import Struct

from harness.model.own import Input, Own, spell


class GivenInput(Struct, frozen=True):
    """An input as ``--input`` says it; None where it leaves something to the model."""

    name: str
    shape: tuple[int, ...]
    dtype: str | None = None
    below: int | None = None

    @property
    def spelt(self) -> str:
        """As it was written after ``NAME=``."""
        return spell(self.shape, self.dtype, self.below)


class ModelQuestion(Struct, frozen=True):
    """What is this model, and can it be run as it is given?"""

    own: Own
    given: tuple[GivenInput, ...] = ()
    memory_bytes: int = 0
    """Of the host; 0 where unknown."""


class ModelAnswer(Struct, frozen=True, omit_defaults=True):
    """What a model was found to be. Where it is refused, why, and what would be right."""

    inputs: tuple[Input, ...] = ()
    dtype: str = "float32"
    runtimes: tuple[str, ...] = ()
    """That can run it, the default first."""
    files: tuple[str, ...] = ()
    """All that it is read from."""
    weight_bytes: int | None = None
    refused: str = ""
    hint: str = ""
    where: str = ""


class SuiteQuestion(Struct, frozen=True):
    """What is wrong with this suite? ``matching``: only workloads whose names contain one of them are tried."""

    name: str
    path: str
    cache: str
    matching: tuple[str, ...] = ()
    """All where it is empty."""


class Fault(Struct, frozen=True):
    """One thing that is wrong in a suite, and what would be right. ``line`` 0 where it is the file as a whole."""

    file: str
    line: int
    message: str
    hint: str = ""
    printed: str = ""
    """The end of what the workload had printed by then."""


class SuiteAnswer(Struct, frozen=True):
    """All that was found, and which workloads were tried."""

    faults: tuple[Fault, ...] = ()
    tried: tuple[str, ...] = ()
