"""What must hold in the targets of a profile, each with its peaks, runtimes and anchors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.profiles.agreement import bandwidth_faults, peak_faults
from harness.profiles.anchors import anchor_faults, runtime_fault
from harness.profiles.fault import ID, ID_HINT, Fault, FieldPath, base_value, list_in, quoted
from harness.profiles.figures import dtype_fault, tables_at

_OF_A_BOARD = {
    (): ("power", "price", "npu", "soc", "power_mode"),
    ("memory",): ("bandwidth_peak", "bandwidth_copy_1t", "bandwidth_copy"),
    ("target",): (
        *("peak_fp32", "peak_fp16", "peak_int8", "bandwidth_peak", "bandwidth_copy", "thread_speedup"),
        *("anchors", "accuracy"),
    ),
    ("target", "clusters"): ("clock", "flop_per_cycle_fp32"),
}
"""What a generic profile cannot have, by the table that it would stand in."""


def target_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong with the targets."""
    targets = data.get("target")
    if targets == []:
        yield Fault(("target",), "there is no target", "write [[target]] for the CPU")
    ids: list[str] = []
    for index, target in enumerate(list_in(targets)):
        if isinstance(target, dict):
            yield from _target(("target", index), target, ids)
            ids += [target["id"]] if isinstance(target.get("id"), str) else []


def generic_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """What speaks of more than limits in a profile that stands for no board."""
    if data.get("kind") != "generic":
        return
    for names, fields in _OF_A_BOARD.items():
        for path, table in tables_at(data, names, ()):
            for field in fields:
                if table.get(field):
                    message = f"{field} is of a board, and a generic profile stands for none"
                    yield Fault((*path, field), message, 'leave it out, or write kind = "board"')


def _target(path: FieldPath, target: dict[str, Any], earlier: list[str]) -> Iterator[Fault]:
    own = target.get("id")
    if isinstance(own, str):
        if not ID.match(own):
            yield Fault((*path, "id"), f"{quoted(own)} is not a name", ID_HINT)
        if own in earlier:
            yield Fault((*path, "id"), f"two targets are called {quoted(own)}")
    yield from _nameless(path, target)
    for index, dtype in enumerate(list_in(target.get("dtypes"))):
        yield from dtype_fault((*path, "dtypes", index), dtype)
    yield from _runtimes(path, list_in(target.get("runtimes")))
    yield from peak_faults(path, target)
    yield from bandwidth_faults(path, target)
    yield from anchor_faults(path, target, _cores(target))


def _nameless(path: FieldPath, target: dict[str, Any]) -> Iterator[Fault]:
    clusters = [((*path, "clusters", i), c) for i, c in enumerate(list_in(target.get("clusters")))]
    for place, around in [(path, target), *clusters]:
        name = around.get("name") if isinstance(around, dict) else None
        if isinstance(name, str) and not name.strip():
            yield Fault((*place, "name"), "name is empty", "write what it is called")


def _runtimes(path: FieldPath, names: list[Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        own = (*path, "runtimes", index)
        yield from runtime_fault(own, name)
        if isinstance(name, str) and name in seen:
            yield Fault(own, f"the runtime {quoted(name)} is there twice")
        seen |= {name} if isinstance(name, str) else set()


def _cores(target: dict[str, Any]) -> int | None:
    """All cores of the target, None where they are not known."""
    cores = [base_value("cores", cluster, "cores") for cluster in list_in(target.get("clusters"))]
    known = [number for number in cores if number is not None]
    return int(sum(known)) if known and len(known) == len(cores) else None
