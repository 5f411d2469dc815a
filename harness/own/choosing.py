"""A workload of each model that was named, or why it cannot be run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from harness import asking, collect
from harness.collect import Suite, SuiteFile
from harness.errors import UserError
from harness.model.case import ParameterValue, WorkloadRef
from harness.model.inquiry import GivenInput, ModelAnswer, ModelQuestion
from harness.model.own import OWN, Own
from harness.model.workload import Workload
from harness.own.given import Given
from harness.own.hashing import sha256


@dataclass(frozen=True)
class Chosen:
    """A workload, and the runtimes and data types that it can be run in, the default first."""

    ref: WorkloadRef
    runtimes: tuple[str, ...]
    dtypes: tuple[str, ...]


def choose(
    models: Sequence[Given], inputs: Sequence[GivenInput], memory_bytes: int, *, quick: bool = False
) -> tuple[list[Chosen], list[UserError]]:
    """Workloads of the models, and why others are refused. Looks at each in a child; runs none."""
    chosen: list[Chosen] = []
    refused: list[UserError] = []
    for given in models:
        try:
            found = (
                _workloads(given, inputs, quick) if given.kind == "workload" else [_model(given, inputs, memory_bytes)]
            )
            chosen += _without_clash(found, chosen)
        except UserError as error:
            refused.append(error)
    return chosen, refused


def _model(given: Given, inputs: Sequence[GivenInput], memory_bytes: int) -> Chosen:
    function = given.kind == "function"
    own = Own(given.kind, given.text if function else str(given.path), directory=str(given.path) if function else "")
    question = ModelQuestion(own, tuple(inputs), memory_bytes)
    answer = asking.ask("adopted", question, ModelAnswer, about=given.text)
    if answer.refused:
        raise UserError(answer.refused, where=answer.where or given.text, hint=answer.hint)
    own = replace(own, sha256=sha256(answer.files), inputs=answer.inputs, files=answer.files)
    path = answer.files[0] if function else str(given.path)
    ref = WorkloadRef(OWN, _name(given), path, _stated(inputs), items_unit="calls", own=own)
    return Chosen(ref, answer.runtimes, (answer.dtype,))


def _name(given: Given) -> str:
    """From the file's, folder's or function's name, such as a workload may have."""
    stem = given.text.partition(":")[2] if given.kind == "function" else given.path.name
    stem = stem.removesuffix(given.path.suffix) if given.path.is_file() else stem
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).lstrip("._-") or "model"


def _stated(inputs: Sequence[GivenInput]) -> dict[str, ParameterValue]:
    """What was given on the command line is part of the workload's id."""
    return {re.sub(r"[\s\[\],=@/#]+", "_", g.name): g.spelt for g in inputs}


def _workloads(given: Given, inputs: Sequence[GivenInput], quick: bool) -> list[Chosen]:
    """Of a file of Python, loaded as a suite is: the class that was named, or all of them."""
    if inputs:
        raise UserError("--input is for a model in a file; a workload makes its own inputs", where=given.text)
    suite = collect.load_suite(SuiteFile(OWN, given.path, "own"))
    kinds = [k for k in suite.workloads if given.name in ("", k.__name__, k.name)]
    if not kinds:
        names = ", ".join(k.__name__ for k in suite.workloads)
        raise UserError(f"has no workload {given.name}", where=str(given.path), hint=f"it has {names}")
    own = Own("workload", str(given.path), sha256([str(given.path)]), files=(str(given.path),))
    return [chosen for kind in kinds for chosen in _points(suite, kind, own, quick)]


def _points(suite: Suite, kind: type[Workload], own: Own, quick: bool) -> list[Chosen]:
    """At its quick point where that is asked for and there is one, else at all of them."""
    refs = [ref for ref in collect.quick_references(suite) if ref.name == kind.name] if quick else []
    refs = refs or collect.references(suite, lambda ref: ref.name == kind.name)
    return [Chosen(replace(ref, own=own), kind.runtimes, kind.dtypes) for ref in refs]


def _without_clash(found: Sequence[Chosen], earlier: Sequence[Chosen]) -> Sequence[Chosen]:
    """Raises UserError where two models would be one case."""
    taken = {(c.ref.id, c.runtimes[0]): c.ref for c in earlier}
    for chosen in found:
        other = taken.get((chosen.ref.id, chosen.runtimes[0]))
        if other is not None and other != chosen.ref:
            raise UserError(
                f"would be called {chosen.ref.id}, as {other.path} is",
                where=chosen.ref.path,
                hint="rename one of the two, or run them apart",
            )
    return [chosen for chosen in found if (chosen.ref.id, chosen.runtimes[0]) not in taken]


def facts(chosen: Chosen) -> dict[str, str | list[str]]:
    """What there is to show of a model."""
    own = chosen.ref.own
    inputs = own.inputs if own is not None else ()
    return {
        "workload": chosen.ref.id,
        "kind": own.kind if own is not None else "",
        "source": own.source if own is not None else chosen.ref.path,
        "sha256": own.sha256 if own is not None else "",
        "inputs": [f"{one.name}={one.spelt}" for one in inputs],
        "runtimes": list(chosen.runtimes),
        "dtypes": list(chosen.dtypes),
    }
