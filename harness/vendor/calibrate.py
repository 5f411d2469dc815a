"""On the board: the published models and the primitives in each installed runtime, as anchors of its profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from harness import api, host, plan, selection
from harness.engine import Stop
from harness.errors import MachineError, UserError
from harness.model.events import EngineEvent, Notice
from harness.model.machine import Capabilities
from harness.model.profile import Target
from harness.runtimes import brought
from harness.vendor import gathering, profile_file, putting
from harness.vendor.anchor_models import MODELS, QUICK_PACE, Chosen, choose, pace
from harness.vendor.gathering import Gathered, Measured
from harness.vendor.putting import said_threads, target_of

Emit = Callable[[EngineEvent], None]
COMPILING = frozenset({"torch-compile"})
"""Runtimes that take minutes a model before its first step: only where they are asked for."""


class Asked(Struct, frozen=True):
    """What to calibrate and how long. Empty ``runtimes`` or ``matching``: all there are that need no compiler."""

    target: str = "cpu"
    runtimes: tuple[str, ...] = ()
    matching: tuple[str, ...] = ()
    minutes: float = 10.0
    quick: bool = False
    include: tuple[Path, ...] = ()
    threads: tuple[int, ...] = ()
    """Empty: 1 and all cores."""
    primitives: bool = True


def measure(asked: Asked, dtypes: Sequence[str], emit: Emit, stop: Stop) -> Measured:
    """Run it, at one thread and on all cores. ``dtypes``: that the target computes in. Raises UserError."""
    caps = selection.capabilities()
    versions = _versions(caps, asked.runtimes)
    chosen = choose(asked.matching, asked.include, asked.primitives)
    usable = versions if brought.here() else _versions(caps, ())
    parts = chosen.selections(tuple(versions), tuple(usable), "float16" in dtypes, asked.include)
    settings = _settings(asked, parts, caps)
    found: dict[int, Gathered] = {}
    complete = True
    for name in _absent(chosen, asked):
        emit(Notice(f"no suite here has {name}"))
    for threads in asked.threads or _thread_counts(caps):
        handles = [api.execute(part, replace(settings, threads=threads), emit=emit, stop=stop) for part in parts]
        found[threads] = gathering.gather([handle.data for handle in handles])
        kept = [f"run kept in {handle.path}" for handle in handles]
        for note in (*kept, *found[threads].notes):
            emit(Notice(f"at {said_threads(threads)}: {note}"))
        complete = complete and all(handle.complete for handle in handles)
    made = Measured(found, {ref.id: name for name, ref in chosen.models.items()}, versions, complete)
    if not made.groups:
        raise MachineError(
            "no time is valid: nothing is written", hint="stop what else runs here, see tierbench doctor"
        )
    return made


def _versions(caps: Capabilities, wanted: Sequence[str]) -> dict[str, str]:
    """The runtimes that work on this CPU, and their versions. Raises UserError where a wanted one does not."""
    states = {state.id: state for state in caps.runtimes if state.device == "cpu" and state.id != "python"}
    for name in wanted:
        if name not in states:
            raise UserError(f"no runtime is called {name!r}", hint="known: " + ", ".join(states))
        if states[name].reason:
            raise UserError(f"the runtime {name} cannot be used here: {states[name].reason}")
    asked = {name for name in states if name in wanted or name not in COMPILING}
    usable = {name: states[name].version for name in states if name in asked and states[name].reason is None}
    if not usable:
        reasons = "; ".join(f"{name}: {state.reason}" for name, state in states.items())
        raise UserError(f"no runtime works here ({reasons})")
    return {name: version for name, version in usable.items() if not wanted or name in wanted}


def _settings(asked: Asked, parts: Sequence[selection.Selection], caps: Capabilities) -> plan.Settings:
    base = plan.Settings(processes=1, only=("timing",))
    if asked.quick:
        return replace(base, timing=QUICK_PACE)
    trials = sum(len(selection.make_plan(part, base, caps)[0].trials) for part in parts)
    return pace(trials * len(asked.threads or _thread_counts(caps)), asked.minutes, base)


def _thread_counts(caps: Capabilities) -> tuple[int, ...]:
    return (1, caps.cores) if caps.cores > 1 else (1,)


def _absent(chosen: Chosen, asked: Asked) -> list[str]:
    return [] if asked.matching else [name for name in MODELS if name not in chosen.models]


def refuse_other_board(target: Target, file: Path) -> None:
    """Raise UserError where this machine has other cores than the target: what it measures is of another board."""
    here = host.capabilities().cores
    if target.cores not in {None, here}:
        what = f"the target {target.id} has {target.cores} cores, and here there are {here} to use"
        raise UserError(what, where=str(file), hint="run it on the board itself, with all of its cores")


def _where_they_work(asked: Asked, target: Target, emit: Emit) -> Asked:
    """Only the runtimes that the target is said to work with, where its profile says so."""
    if not target.runtimes:
        return asked
    usable = asked.runtimes or tuple(_versions(selection.capabilities(), ()))
    kept = tuple(name for name in usable if name in target.runtimes)
    for name in usable:
        if name not in kept:
            emit(Notice(f"{name} is left out: the profile's runtimes of {target.id} do not name it"))
    if not kept:
        raise UserError(f"none of the runtimes of {target.id} works here", hint="its profile names them in runtimes")
    return replace(asked, runtimes=kept)


def calibrate(asked: Asked, into: Path | None, emit: Emit, stop: Stop) -> tuple[str, bool]:
    """Measure, and write ``into`` a profile; what to show, and whether all was run. Raises UserError."""
    profile = profile_file.load(into) if into is not None else None
    dtypes: tuple[str, ...] = ()
    if profile is not None and into is not None:
        target = target_of(profile, asked.target, into)
        refuse_other_board(target, into)
        asked, dtypes = _where_they_work(asked, target, emit), target.dtypes
    found = measure(asked, dtypes, emit, stop)
    if profile is None or into is None:
        return profile_file.as_toml(group for _, group in found.groups), found.complete
    text, said = putting.put(profile_file.text_of(into), found, profile, asked.target, into)
    profile_file.write(text, into)
    return "".join(f"{into}: {line}\n" for line in said), found.complete
