"""From what a user asks to a search and the plan that it begins with. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from harness import tiers
from harness.capacity.tries import probes
from harness.engine.prepared import PREPARE_WITHIN
from harness.errors import UserError, refuse_outside
from harness.model.case import HOST, Case, Limits, Plan, Trial, WorkloadRef
from harness.model.profile import HardwareProfile
from harness.model.search import Search
from harness.model.units import show_bytes
from harness.plan import Settings

SOUGHT = (("batch",), ("context", "prompt"))
"""Of each, the first that a workload has among its parameters is sought."""


MOST_SHARE = 0.8
"""Of this machine's memory; a try that takes more could take down what else runs here."""


class Wish(Struct, frozen=True):
    """What to look for."""

    parameters: tuple[str, ...] = ()
    """Empty: the batch and the context, where the workload has them."""
    precision: float = 0.01
    fast: bool = False
    most: int | None = None


def plan_search(
    wish: Wish, planned: Plan, profiles: Sequence[HardwareProfile], settings: Settings, memory_bytes: int
) -> tuple[Plan, Search]:
    """A search at the first point of a plan, and a plan of its probes alone. ``memory_bytes`` is what this host has.

    Raises UserError where the plan is of several workloads or tiers, or none of its cases can be searched.
    """
    refuse_outside("precision", wish.precision, 0.001, 0.5, "a fraction")
    refuse_outside("most", wish.most, 1, 1e9, "a whole number")
    case = _case(planned)
    profile = next(p for p in profiles if p.id == case.profile)
    target = next(t for t in profile.target if t.id == case.target)
    limits = Limits() if case.profile == HOST else tiers.limits(profile, target)
    names = _parameters(wish, case)
    if names:
        _complain_if_larger(limits.memory_bytes or 0, memory_bytes, case, names)
    pattern = Trial(
        case,
        "ceiling",
        0,
        limits,
        settings.memory,
        settings.ceiling_timeout_seconds,
        seed=settings.seed,
        settings={PREPARE_WITHIN: str(int(MOST_SHARE * memory_bytes))},
    )
    search = Search(pattern, memory_bytes, names, wish.precision, wish.fast, wish.most)
    return replace(planned, cases=(case,), trials=opening(search), skips=(), processes=1), search


def opening(search: Search) -> tuple[Trial, ...]:
    """What is run before the first choice: the probes, and on a tier whether it fits as it is."""
    limited = search.pattern.limits.memory_bytes is not None
    return (*probes(search), search.pattern) if limited else probes(search)


def _case(planned: Plan) -> Case:
    """The one case to search. The CPU's alone: what a GPU's limit holds is an allocator's, not a process's."""
    every = (*planned.cases, *(skip.case for skip in planned.skips))
    works = list(dict.fromkeys(f"{c.workload.suite}/{c.workload.name}" for c in every))
    if len(works) > 1:
        raise UserError(f"fit is about one workload, not {len(works)}: {', '.join(works[:6])}", hint="name one")
    if len({(c.runtime, c.dtype) for c in every}) > 1:
        raise UserError("fit is about one runtime and one data type")
    able = [case for case in planned.cases if case.device == "cpu"]
    if able:
        return able[0]
    refused = next((s.reason for s in planned.skips if s.case.device == "cpu"), "the tier has no CPU target")
    raise UserError(f"{every[0].workload.id} cannot be tried on {every[0].tier}: {refused}")


def _parameters(wish: Wish, case: Case) -> tuple[str, ...]:
    has = case.workload.parameters
    if case.profile == HOST:
        if wish.parameters:
            raise UserError("this machine has no limit to fit a parameter in", hint="give a profile with -p")
        return ()
    if wish.parameters:
        return tuple(_checked(name, case.workload) for name in dict.fromkeys(wish.parameters))
    first = (next((name for name in names if _is_count(has.get(name))), None) for names in SOUGHT)
    return tuple(name for name in first if name is not None)


def _complain_if_larger(limit: int, memory_bytes: int, case: Case, names: Sequence[str]) -> None:
    """What a tier holds is filled to its limit, and must leave this machine room. Raises UserError."""
    if limit > MOST_SHARE * memory_bytes:
        what = f"{case.tier} has {show_bytes(limit)} for a workload, this machine {show_bytes(memory_bytes)}"
        hint = "take a smaller tier, or -p host for the smallest memory alone"
        raise UserError(f"{what}: the largest {' and '.join(names)} there cannot be tried here", hint=hint)


def _checked(name: str, work: WorkloadRef) -> str:
    if name not in work.parameters:
        has = ", ".join(work.parameters) or "none"
        raise UserError(f"{work.suite}/{work.name} has no parameter {name!r}", hint=f"it has {has}")
    value = work.parameters[name]
    if not _is_count(value):
        raise UserError(f"parameter {name} of {work.suite}/{work.name} is {value!r}: only a whole number can grow")
    return name


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
