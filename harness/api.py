"""What the command line and a notebook call to run: a selection, a search for what fits, what an earlier run lacks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness import __version__, atomic, capacity, content, host, limits, loads, own, plan, results, runtimes, store
from harness.engine import Engine, Stop, null
from harness.engine.pacing import Pacing
from harness.engine.prepared import Preparation, at_once
from harness.errors import UserError
from harness.executors.local import LocalExecutor
from harness.model.case import HOST, Plan, Trial
from harness.model.codec import FORMAT
from harness.model.estimate import Estimate
from harness.model.events import EngineEvent, Notice
from harness.model.machine import Capabilities, Environment
from harness.model.measure import Finding
from harness.model.outcome import Unsupported
from harness.model.profile import HardwareProfile
from harness.model.record import Manifest, Record, Run
from harness.results import RunHandle
from harness.runtimes import brought
from harness.selection import Selection, at_first_point, capabilities, make_plan, require_something, shipped

if TYPE_CHECKING:
    from harness.noise import Noise

RUNS = Path("tierbench-runs")
"""Where runs go unless told otherwise, below the working directory."""

OTHER_RUN = Finding(
    "warning",
    "other-run",
    "another tierbench is measuring on this machine: both disturb each other",
    "run one at a time",
)
Listener = Callable[[EngineEvent], None]


def run(
    *workloads: str,
    matching: Sequence[str] = (),
    profiles: Sequence[str] = (HOST,),
    runtimes: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    quick: bool = False,
    processes: int | None = None,
    budget: float | None = None,
    precision: float | None = None,
    min_time: float | None = None,
    warmup: float | None = None,
    timeout: float | None = None,
    seed: int = 0,
    sustained: float | None = None,
    scenario: str | None = None,
    deadline: float | None = None,
    target_qps: float | None = None,
    slow_down: bool = False,
    advise: bool = False,
    links: Sequence[str] = (),
    inputs: Sequence[str] = (),
    include: Sequence[Path | str] = (),
    out: Path | str | None = None,
) -> RunHandle:
    """Run workloads on profiles and return the run.

    ``workloads`` are suites, workloads or their points by name, none for all, or models of your own by file, function
    or folder, whose ``inputs`` are as ``--input`` takes them; ``matching`` are parts of a workload's id; ``profiles``
    are ids or aliases. A process's timed rounds go on for ``min_time`` (s) and until within ``precision`` (a share of
    the median), or until their ``budget`` (s) is spent; ``warmup`` (s) is what warming up takes at most; ``timeout``
    (s) is for one trial, ``seed`` for order and inputs. ``sustained`` loads for so many seconds; ``scenario`` is one
    of MLPerf's, of which ``server`` keeps a ``deadline`` (s) at ``target_qps`` or else at the largest rate;
    ``slow_down`` also runs each board's cases at the pace that is projected for them; ``advise`` tries other variants
    where one does not fit; ``links`` are as ``--link`` takes them.
    Raises UserError for what the caller can mend.
    """
    selection = Selection(
        workloads,
        tuple(matching),
        tuple(profiles),
        tuple(runtimes),
        tuple(dtypes),
        quick,
        tuple(map(Path, include)),
        tuple(links),
        tuple(inputs),
    )
    base = plan.QUICK if quick else plan.Settings()
    settings = replace(
        plan.timed(base, budget=budget, precision=precision, min_time=min_time, warmup=warmup),
        **_given(timeout_seconds=timeout, ceiling_timeout_seconds=timeout),
        seed=seed,
        sustained_seconds=sustained,
        slow_down=slow_down,
    )
    if scenario is not None or deadline is not None or target_qps is not None:
        named = scenario or "single_stream"
        longest = loads.longest(named, None, quick)
        settings = loads.under(settings, named, longest, deadline=deadline, target_qps=target_qps)
    processes = processes or (1 if sustained or scenario == "server" else None)
    if processes is not None:
        settings = replace(settings, processes=processes)
    return execute(selection, settings, Path(out) if out is not None else None, advise=advise)


def _given(**asked: float | None) -> dict[str, float]:
    return {name: value for name, value in asked.items() if value is not None}


def fit(
    workload: str,
    profile: str = HOST,
    *,
    parameters: Sequence[str] = (),
    runtime: str | None = None,
    dtype: str | None = None,
    precision: float = 0.01,
    fast: bool = False,
    most: int | None = None,
    inputs: Sequence[str] = (),
    include: Sequence[Path | str] = (),
    out: Path | str | None = None,
) -> RunHandle:
    """Find the smallest memory that a workload completes in, and on a profile the largest batch and context.

    ``workload`` may name a point, such as ``vision/resnet50[batch=8]``; else the search starts from its quick one.
    ``parameters`` are sought instead of batch and context, up to ``most``; ``fast`` starts from an estimate. What was
    found is in the run's ``capacity``. Raises UserError.
    """
    selection = Selection(
        (workload,),
        profiles=(profile,),
        runtimes=(runtime,) if runtime else (),
        dtypes=(dtype,) if dtype else (),
        include=tuple(map(Path, include)),
        inputs=tuple(inputs),
    )
    wish = capacity.Wish(tuple(parameters), precision, fast, most)
    return search(selection, wish, Path(out) if out is not None else None)


def search(
    selection: Selection,
    wish: capacity.Wish,
    out: Path | None = None,
    *,
    timeout: float | None = None,
    means: str | None = None,
    emit: Listener = lambda _event: None,
    stop: Stop | None = None,
) -> RunHandle:
    """``fit`` for one workload on one tier, with ``timeout`` seconds for a try. Raises UserError."""
    settings = plan.Settings(processes=1, only=("need",))
    if timeout is not None:
        settings = replace(settings, timeout_seconds=timeout, ceiling_timeout_seconds=timeout)
    return execute(at_first_point(selection), settings, out, means=means, emit=emit, stop=stop, wish=wish)


def execute(
    selection: Selection,
    settings: plan.Settings,
    out: Path | None = None,
    *,
    means: str | None = None,
    emit: Listener = lambda _event: None,
    stop: Stop | None = None,
    pacing: Pacing | None = None,
    wish: capacity.Wish | None = None,
    advise: bool = False,
) -> RunHandle:
    """Plan, run and write a new run. Stopping early leaves a run that can be resumed. Raises UserError.

    ``pacing`` says how long a step of a case that is slowed down is to take; None: as long as is projected. With a
    ``wish`` the run searches what fits, from the first point of the selection. ``advise`` also tries, where a case does
    not fit its tier, what else its suite ships of the workload.
    """
    if out is not None:
        atomic.refuse_impossible(out)
    limits.chosen(means)
    caps = capabilities()
    planned, tiers, findings, said = make_plan(selection, settings, caps)
    reserve = _reserve(selection, settings, caps, planned, tiers) if advise else ()
    search = None
    if wish is None:
        require_something(planned)
    else:
        planned, search = capacity.plan_search(wish, planned, tiers, settings, caps.memory_bytes)
    with _measuring(emit) as disturbed:
        for sentence in (*said, *(finding.message for finding in findings)):
            emit(Notice(sentence))
        executor, stopped = LocalExecutor(store.cache_directory(), means), (stop or Stop()).is_now
        cost = null.measure(executor, stopped)
        if null.energy_trials(planned):
            emit(Notice("measuring what a workload that does nothing draws"))
        drawn = null.measure_energy(executor, planned, stopped)
        manifest = _manifest(planned, tiers, caps, [*findings, *disturbed])
        manifest = replace(manifest, self_cost=cost, self_energy=drawn, search=search, reserve=reserve)
        path = out if out is not None else RUNS / manifest.run_id
        with store.RunWriter.create(path, manifest) as writer:
            engine = _engine(writer, manifest, means, emit, stop, pacing)
            if engine.run(planned):
                capacity.drive(engine, path)
    return results.load(path)


def _reserve(
    selection: Selection, settings: plan.Settings, caps: Capabilities, planned: Plan, tiers: Sequence[HardwareProfile]
) -> tuple[Trial, ...]:
    return capacity.reserve(shipped(selection, caps.memory_bytes), tiers, caps, settings, planned)


def resume(
    path: Path,
    *,
    means: str | None = None,
    emit: Listener = lambda _event: None,
    stop: Stop | None = None,
    pacing: Pacing | None = None,
) -> RunHandle:
    """Run what the run at ``path`` still lacks. Raises UserError where there is none or another process writes it."""
    limits.chosen(means)
    writer, so_far = store.RunWriter.resume(path)
    with writer:
        for notice in so_far.notices:
            emit(Notice(notice))
        if changed := own.changed(so_far.manifest.plan.cases):
            raise UserError("is not the model that this run began with", where=changed[0], hint="run it anew")
        _refuse_left_out(so_far.manifest.plan)
        with _measuring(emit):
            engine = _engine(writer, so_far.manifest, means, emit, stop, pacing)
            if engine.run(so_far.manifest.plan, so_far.records):
                capacity.drive(engine, path)
    return results.load(path)


def _refuse_left_out(planned: Plan) -> None:
    """Raise UserError for workloads of the working directory, where what lies there is not to be run."""
    for suite in sorted({case.workload.path for case in planned.cases}):
        if content.left_out(Path(suite)):
            hint = f"leave out --no-project and {content.NO_PROJECT}, or give its directory with -I in a new run"
            raise UserError("is content of the working directory, which is left out", where=suite, hint=hint)


@contextmanager
def _measuring(emit: Listener) -> Iterator[list[Finding]]:
    """Clear away what dead runs left, and find out whether another run is measuring."""
    for sentence in limits.sweep():
        emit(Notice(sentence))
    with ExitStack() as stack:
        alone = stack.enter_context(store.measuring(store.cache_directory()))
        if not alone:
            emit(Notice(OTHER_RUN.message))
        yield [] if alone else [OTHER_RUN]


def _engine(
    writer: store.RunWriter,
    manifest: Manifest,
    means: str | None,
    emit: Listener,
    stop: Stop | None,
    pacing: Pacing | None,
) -> Engine:
    cache = store.cache_directory()
    preparation = Preparation(cache, brought.versions(cache) or made_by(manifest.environment))
    return Engine(
        LocalExecutor(cache, means),
        writer,
        preparation,
        emit,
        stop or Stop(),
        pacing or _projected(manifest),
        at_once(manifest.capabilities),
    )


def made_by(environment: Environment) -> dict[str, str | None]:
    """What all that is prepared here depends on: packages and their places, interpreter, processors, GPUs."""
    gpus = ", ".join(f"{gpu.name} {gpu.driver}" for gpu in environment.gpus)
    return {**host.identity(), **runtimes.plugin_versions(), "tierbench": __version__, "gpus": gpus}


def _projected(manifest: Manifest) -> Pacing:
    """The projected median of a paced trial's case, from the records so far."""

    def pace(trial: Trial, records: Sequence[Record]) -> float | Unsupported:
        from harness.projection.run import estimates

        found = estimates(Run(manifest, tuple(records))).get(trial.case.id)
        if isinstance(found, Estimate):
            return found.seconds
        return Unsupported(found.reason if found else "no projection for this tier")

    return pace


def _manifest(
    planned: Plan,
    tiers: list[HardwareProfile],
    caps: Capabilities,
    findings: list[Finding],
) -> Manifest:
    environment = host.environment()
    now = datetime.now(UTC)
    return Manifest(
        format=FORMAT,
        run_id=f"{now:%Y-%m-%dT%H%M%S}-{token_hex(2)}",
        created=now.isoformat(timespec="seconds"),
        command=tuple(sys.argv),
        environment=environment,
        capabilities=caps,
        profiles=tuple(tiers),
        plan=planned,
        findings=(*findings, *host.doctor(caps, environment)),
    )


def refusals(baseline: RunHandle) -> list[str]:
    """Why a run made here and now could not be compared with ``baseline``, in sentences; empty where it could."""
    from harness.compare.comparable import refusals as between

    return between(baseline.data.manifest.environment, host.environment())


def noise_floor(
    workload: str, processes: int, include: Sequence[Path] = (), *, emit: Listener = lambda _event: None
) -> Noise:
    """Run equal against equal on this machine and keep how far they differ, for later comparisons. Raises UserError."""
    from tempfile import TemporaryDirectory

    from harness import noise

    settings = replace(plan.QUICK, processes=processes)
    selection = Selection((workload,), quick=True, include=tuple(include))
    with TemporaryDirectory(prefix="tierbench-noise-") as folder:
        found = noise.measure(execute(selection, settings, Path(folder) / "run", emit=emit).data)
    try:
        noise.save(found, store.cache_directory())
    except OSError as error:
        raise store.cache_error(store.cache_directory(), error) from error
    return found
