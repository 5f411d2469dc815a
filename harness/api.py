"""What the command line and a notebook call: run, load, report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness import capacity, content, host, limits, loads, network, own, plan, runtimes, store
from harness.checks import Validity, validity
from harness.engine import Engine, Stop, null
from harness.engine.pacing import Pacing
from harness.engine.prepared import Preparation, at_once
from harness.errors import UnknownName, UserError
from harness.executors.local import LocalExecutor
from harness.model.case import HOST, Plan, Trial
from harness.model.codec import FORMAT
from harness.model.estimate import Estimate, NotProjected
from harness.model.events import EngineEvent, Notice
from harness.model.machine import Capabilities
from harness.model.measure import Finding
from harness.model.outcome import Failed, TimedOut, Unsupported
from harness.model.profile import HardwareProfile
from harness.model.record import Manifest, Record, Run
from harness.runtimes import brought
from harness.selection import MODEL_REFUSED, Selection, at_first_point, capabilities, make_plan, shipped

if TYPE_CHECKING:
    import pandas

    from harness.compare import Comparisons
    from harness.noise import Noise
    from harness.view import ReportView

RUNS = Path("tierbench-runs")
"""Where runs go unless told otherwise, below the working directory."""

OTHER_RUN = Finding(
    "warning",
    "other-run",
    "another tierbench is measuring on this machine: both disturb each other",
    "run one at a time",
)
Listener = Callable[[EngineEvent], None]


class RunHandle:
    """A run that is done (or stopped), ready to be looked at."""

    def __init__(self, run: Run) -> None:
        self.data = run

    def __repr__(self) -> str:
        done, all_of_them = len(self.data.records), len(self.data.manifest.plan.trials)
        return f"<RunHandle {self.data.manifest.run_id}: {done} of {all_of_them} trials>"

    @property
    def path(self) -> Path:
        """The run's directory."""
        return Path(self.data.path)

    @property
    def complete(self) -> bool:
        """Whether every planned trial has its record, and all that followed from them."""
        return self.data.complete and not capacity.pending(self.data)

    @property
    def capacity(self) -> tuple[capacity.Found, ...]:
        """What a run of ``fit`` has found; nothing of any other run."""
        return capacity.found(self.data)

    @property
    def failed(self) -> bool:
        """Whether a trial went wrong (running out of memory is an answer, not a failure), or a model was refused."""
        refused = any(finding.code == MODEL_REFUSED for finding in self.data.manifest.findings)
        return refused or any(isinstance(r.outcome, (Failed, TimedOut)) for r in self.data.records)

    @property
    def invalid(self) -> dict[str, Validity]:
        """By trial, the verdict on each timing and energy trial whose figures do not hold."""
        verdicts = {r.trial_id: validity(r) for r in self.data.records}
        return {trial: verdict for trial, verdict in verdicts.items() if verdict.state == "invalid"}

    def over(self, links: Sequence[str]) -> RunHandle:
        """The run with its remote tiers reached over other links, such as ``20Mbit/s,40ms``. Raises UserError."""
        profiles = tuple(network.attach(self.data.manifest.profiles, links))
        return RunHandle(replace(self.data, manifest=replace(self.data.manifest, profiles=profiles)))

    def view(self, *, baseline: RunHandle | Path | str | None = None, insist: bool = False) -> ReportView:
        """Everything a report shows, as data, boards' times projected where they can be.

        What changed since a ``baseline`` too, a run or its directory; ``insist`` compares what is not alike.
        """
        from harness.view import build

        if baseline is None:
            return build(self.data, _estimates(self.data))
        before = baseline if isinstance(baseline, RunHandle) else load(baseline)
        return build(self.data, _estimates(self.data), compare(before, self, insist=insist))

    def report(
        self,
        path: Path | str | None = None,
        *,
        theme: str = "default",
        include: Sequence[Path] = (),
        baseline: RunHandle | Path | str | None = None,
        insist: bool = False,
    ) -> Path:
        """Write the HTML report (by default into the run's directory) and return its path. Raises UserError.

        With a ``baseline``, a run or its directory, it says what changed since; ``insist`` compares what is not alike.
        """
        target = Path(path) if path is not None else self.path / "report.html"
        return write_page(self.view(baseline=baseline, insist=insist), target, theme, include)

    def frame(self) -> pandas.DataFrame:
        """A tidy frame: one row a case and metric, with unit, interval, provenance and outcome."""
        from harness.frame import frame

        return frame(self.view())


def write_page(view: ReportView, target: Path, theme: str = "default", include: Sequence[Path] = ()) -> Path:
    """Write a view as an HTML page and return its path. Raises UserError."""
    from harness.render import html

    write_text(target, html.render(view, theme_directory(theme, include)))
    return target


def _estimates(run: Run) -> Mapping[str, Estimate | NotProjected]:
    """Projected times by case. Without counted features there are none, and nothing heavy is imported to say so."""
    if not any(record.features for record in run.records):
        return {}
    from harness.projection.run import estimates

    return estimates(run)


def write_text(target: Path, text: str) -> None:
    """Write a file whole or not at all. Raises MachineError where it cannot be written."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise store.disk_error(target, error) from error


def theme_directory(theme: str, include: Sequence[Path] = ()) -> Path:
    """The folder of a report theme. Raises UnknownName."""
    found = {f.name: f.path for f in content.search_path(include).find("reports")}
    if theme not in found:
        raise UnknownName("report theme", theme, list(found))
    return found[theme]


def cache_directory() -> Path:
    """Where weights and converted models are kept: ``$TIERBENCH_CACHE``, or ``tierbench`` in the user's cache."""
    given = os.environ.get("TIERBENCH_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given).absolute() if given else Path(base).absolute() / "tierbench"


def run(
    *workloads: str,
    matching: Sequence[str] = (),
    profiles: Sequence[str] = (HOST,),
    runtimes: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    quick: bool = False,
    processes: int | None = None,
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

    ``workloads`` are suites or workloads by name, none for all, or models of your own by file, function or folder,
    whose ``inputs`` are as ``--input`` takes them; ``matching`` are parts of a workload's id;
    ``profiles`` are ids or aliases; ``sustained`` loads for so many seconds; ``scenario`` is one of MLPerf's, of which
    ``server`` keeps a ``deadline`` (s) at ``target_qps`` or else at the largest rate; ``slow_down`` also runs each
    board's cases at the pace that is projected for them; ``advise`` tries other variants where one does not fit;
    ``links`` are as ``--link`` takes them. Raises UserError for what the caller can mend.
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
    settings = replace(base, sustained_seconds=sustained, slow_down=slow_down)
    if scenario is not None or deadline is not None or target_qps is not None:
        named = scenario or "single_stream"
        longest = loads.longest(named, None, quick)
        settings = loads.under(settings, named, longest, deadline=deadline, target_qps=target_qps)
    processes = processes or (1 if sustained or scenario == "server" else None)
    if processes is not None:
        settings = replace(settings, processes=processes)
    return execute(selection, settings, Path(out) if out is not None else None, advise=advise)


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
    with _measuring(means, emit) as disturbed:
        caps = capabilities()
        planned, tiers, findings, said = make_plan(selection, settings, caps)
        reserve = _reserve(selection, settings, caps, planned, tiers) if advise else ()
        search = None
        if wish is not None:
            planned, search = capacity.plan_search(wish, planned, tiers, settings, caps.memory_bytes)
        for sentence in (*said, *(finding.message for finding in findings)):
            emit(Notice(sentence))
        executor, stopped = LocalExecutor(cache_directory(), means), (stop or Stop()).is_now
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
    return load(path)


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
    with _measuring(means, emit):
        writer, so_far = store.RunWriter.resume(path)
        with writer:
            for notice in so_far.notices:
                emit(Notice(notice))
            if changed := own.changed(so_far.manifest.plan.cases):
                raise UserError("is not the model that this run began with", where=changed[0], hint="run it anew")
            engine = _engine(writer, so_far.manifest, means, emit, stop, pacing)
            if engine.run(so_far.manifest.plan, so_far.records):
                capacity.drive(engine, path)
    return load(path)


@contextmanager
def _measuring(means: str | None, emit: Listener) -> Iterator[list[Finding]]:
    """Check what was asked, clear away what dead runs left, and find out whether another run is measuring."""
    limits.chosen(means)
    for sentence in limits.sweep():
        emit(Notice(sentence))
    with ExitStack() as stack:
        try:
            alone = stack.enter_context(store.measuring(cache_directory()))
        except OSError as error:
            raise store.disk_error(cache_directory(), error) from error
        if not alone:
            emit(Notice(OTHER_RUN.message))
        yield [] if alone else [OTHER_RUN]


def load(path: Path | str) -> RunHandle:
    """The run in a directory. Raises UserError where it is none, is damaged or was written by a newer tierbench."""
    return RunHandle(store.read(Path(path)))


def _engine(
    writer: store.RunWriter,
    manifest: Manifest,
    means: str | None,
    emit: Listener,
    stop: Stop | None,
    pacing: Pacing | None,
) -> Engine:
    cache = cache_directory()
    plugins = runtimes.plugin_versions()
    own = {**manifest.environment.packages, **plugins, "tierbench": manifest.environment.tierbench}
    versions = brought.versions(cache) or own
    preparation = Preparation(cache, versions)
    return Engine(
        LocalExecutor(cache, means),
        writer,
        preparation,
        emit,
        stop or Stop(),
        pacing or _projected(manifest),
        at_once(manifest.capabilities),
    )


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


def compare(baseline: RunHandle, candidate: RunHandle, *, insist: bool = False) -> Comparisons:
    """Two runs side by side: a verdict for every case and metric both have. ``insist`` compares what is not alike."""
    from harness import noise
    from harness.compare import compare as compare_runs

    known = noise.load(cache_directory(), candidate.data.manifest.environment.fingerprint)
    return compare_runs(baseline.data, candidate.data, insist=insist, floors=known.fractions() if known else None)


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
    noise.save(found, cache_directory())
    return found


def render(view: ReportView, kind: str) -> str:
    """A view as ``markdown``, ``csv``, ``junit`` or ``json`` text."""
    if kind == "json":
        from harness.model import codec

        return codec.encode(view).decode()
    from importlib import import_module

    text: str = import_module(f"harness.render.{kind}").render(view)
    return text
