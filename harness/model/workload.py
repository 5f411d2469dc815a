"""What a suite author writes: a Workload that builds a Model, and a driver that steps it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from harness.model.case import ParameterValue

DTYPES = ("float32", "float16", "bfloat16", "int8", "int4")
"""What runtimes are asked about beforehand; a workload may name others."""
ANY = "any"
"""Among a workload's runtimes: any other one that takes a torch module may be tried, one of a package too."""


class Raw(tuple[Any, ...]):
    """Input as a sensor or a file gives it, numpy arrays on the host: a step that is handed it prepares it itself."""

    __slots__ = ()


@dataclass(frozen=True)
class Model:
    """What ``build`` returns: something a runtime can turn into a callable, and example inputs for it.

    ``module`` is a torch module (or, for an opaque workload, any callable); ``inputs`` are its positional arguments.
    """

    module: Any
    inputs: tuple[Any, ...] = ()
    raw: Raw | None = None
    """What the step is handed in place of ``inputs``; its ``call`` then takes arrays, on the host, in any runtime."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What else is known of it, for the record: how weights in few bits were made, how far their output is off."""


@dataclass(frozen=True)
class ModelFile:
    """A module that is already what a runtime reads: a file that it opens as it is. The inputs are then arrays."""

    path: Path


@dataclass(frozen=True)
class Place:
    """Where and how to build: handed to ``build`` so that a suite needs no global state."""

    device: str
    """``cpu`` or ``cuda``."""
    dtype: str
    """``float32``, ``bfloat16`` ..."""
    seed: int
    cache: Path
    """A directory that outlives the trial: weights and converted models."""


class Marks(Protocol):
    """Takes times inside a step: ``marks("first_token")``, ``marks("token")``."""

    def __call__(self, name: str) -> None:
        """Take the time now under ``name``."""


class Workload:
    """Subclass it in a file under ``suites/``; a point of ``parameters`` is passed to ``build`` and ``items``.

    Class attributes say what the planner must know without running anything; heavy imports belong inside ``build``.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    """Raise it when the work changes: runs of different versions are not compared."""
    family: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    """Modules that ``build`` imports, so that import time and memory are told apart from the model's."""
    parameters: ClassVar[Mapping[str, Sequence[ParameterValue]]] = {}
    quick: ClassVar[Mapping[str, ParameterValue] | None] = None
    """The point that ``--quick`` takes; None leaves the workload out of the quick selection."""
    dtypes: ClassVar[tuple[str, ...]] = ("float32",)
    """Supported, the default first."""
    runtimes: ClassVar[tuple[str, ...]] = ("torch-eager",)
    """Supported, the default first; ``any`` among them lets any other one be tried that takes a torch module."""
    items_unit: ClassVar[str] = "items"
    deadline_seconds: ClassVar[float | None] = None
    opaque: ClassVar[bool] = False
    """True where ``step`` cannot be given another callable than the module itself."""
    learns: ClassVar[bool] = False
    """True where a step changes the model, as one of training does: a second step then gives another output."""

    def build(self, place: Place, *_: Any, **parameters: Any) -> Model:
        """Make the model and its inputs on ``place``. Name your parameters: ``def build(self, place, batch)``."""
        raise NotImplementedError

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:  # noqa: ARG002 - a default
        """Do the work once through ``call``; what is returned is checked to be finite."""
        return call(*inputs)

    def items(self, *_: Any, **parameters: Any) -> float:
        """What one step processes, in ``items_unit``."""
        return float(parameters.get("batch", 1))


_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")


def defects(kind: type[Workload]) -> list[str]:
    """What is wrong with a workload's declaration, in sentences; empty where it is sound."""
    found = []
    name = getattr(kind, "name", None)
    if not isinstance(name, str) or not _NAME.match(name):
        found.append(f"name is {name!r}: it must be lower-case letters, digits, '.', '_' and '-'")
    if kind.build is Workload.build:
        found.append("build is not defined")
    if not kind.dtypes:
        found.append("dtypes is empty: name at least one")
    if not kind.runtimes or kind.runtimes[0] == ANY:
        found.append("runtimes must begin with the one that is the default, such as 'torch-eager'")
    learns: Any = kind.learns
    if not isinstance(learns, bool):
        found.append(f"learns is {learns!r}: it must be True or False")
    found += [f"parameters[{k!r}] has no values" for k, v in kind.parameters.items() if not v]
    return found + _deadline_defects(kind) + _quick_defects(kind)


def _deadline_defects(kind: type[Workload]) -> list[str]:
    deadline = kind.deadline_seconds
    if deadline is None or (isinstance(deadline, (int, float)) and 0 < deadline < math.inf):
        return []
    return [f"deadline_seconds is {deadline!r}: it must be a number of seconds above 0"]


def _quick_defects(kind: type[Workload]) -> list[str]:
    if kind.quick is None:
        return []
    unknown = sorted(set(kind.quick) ^ set(kind.parameters))
    return [f"quick and parameters differ in {', '.join(unknown)}"] if unknown else []
