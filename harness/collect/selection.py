"""The suites there are, and their workloads at every point of their parameters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.collect.loading import Suite, SuiteFile, load_suite
from harness.content import SearchPath
from harness.errors import UnknownName
from harness.model.case import ParameterValue, WorkloadRef
from harness.model.workload import Workload


def discover(path: SearchPath) -> list[SuiteFile]:
    """All suites on the search path, by name. Imports nothing."""
    return [SuiteFile(f.name, f.path, f.origin) for f in path.find("suites")]


def load_all(path: SearchPath) -> list[Suite]:
    """Every suite on the search path, loaded. Raises ContentError for the first that cannot be used."""
    return [load_suite(file) for file in discover(path)]


def workload(ref: WorkloadRef) -> Workload:
    """The workload behind a reference, loaded from its file: what the child runs. Raises ContentError, UnknownName."""
    return find([load_suite(SuiteFile(ref.suite, Path(ref.path)))], f"{ref.suite}/{ref.name}")()


def find(suites: Sequence[Suite], name: str) -> type[Workload]:
    """The workload called ``suite/workload``, or ``workload`` where only one suite has it. Raises UnknownName."""
    known = {f"{s.name}/{w.name}": w for s in suites for w in s.workloads}
    if name in known:
        return known[name]
    matching = [full for full in known if full.partition("/")[2] == name]
    if len(matching) == 1:
        return known[matching[0]]
    raise UnknownName("workload", name, matching or sorted(known))


def references(suite: Suite, accept: Callable[[WorkloadRef], bool] | None = None) -> list[WorkloadRef]:
    """Every workload of the suite at every point of its parameters, less those that ``accept`` refuses."""
    refs = [_reference(suite, kind, point) for kind in suite.workloads for point in points(kind)]
    return [ref for ref in refs if accept is None or accept(ref)]


def quick_references(suite: Suite) -> list[WorkloadRef]:
    """The points that ``--quick`` takes, one for each workload that declares one."""
    return [_reference(suite, kind, dict(kind.quick)) for kind in suite.workloads if kind.quick is not None]


def points(kind: type[Workload]) -> list[dict[str, ParameterValue]]:
    """The product of the workload's parameters, the last one changing fastest; one empty point where it has none."""
    names = list(kind.parameters)
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*kind.parameters.values())]


def _reference(suite: Suite, kind: type[Workload], point: dict[str, ParameterValue]) -> WorkloadRef:
    return WorkloadRef(
        suite=suite.name,
        name=kind.name,
        path=str(suite.path),
        parameters=point,
        family=kind.family,
        version=kind.version,
        deadline_seconds=kind.deadline_seconds,
        items_unit=kind.items_unit,
    )
