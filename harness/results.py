"""A run on disk, ready to be looked at: loaded, compared, and written as a page or as text."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness import atomic, capacity, content, network, store
from harness.checks import Validity, validity
from harness.errors import UnknownName, UserError
from harness.model.estimate import Estimate, NotProjected
from harness.model.outcome import Failed, TimedOut
from harness.model.record import Run
from harness.selection import MODEL_REFUSED
from harness.verdict.limits import short_of_memory

if TYPE_CHECKING:
    import pandas

    from harness.compare import Comparisons
    from harness.view import ReportView


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
        return refused or any(
            isinstance(r.outcome, Failed | TimedOut) and not short_of_memory(r.outcome) for r in self.data.records
        )

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
    """Write a file whole or not at all; a device or a pipe is written to.

    Raises UserError for a directory, MachineError where it cannot be written.
    """
    if not target.name or atomic.is_directory(target):
        raise UserError("is a directory, not a file", where=str(target), hint="name a file in it")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not (target.is_file() or target.is_dir()):
            target.write_text(text, encoding="utf-8")  # to rename a file over /dev/null would take it from everybody
            return
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise store.disk_error(target, error) from error


def theme_directory(theme: str, include: Sequence[Path] = ()) -> Path:
    """The folder of a report theme. Raises UnknownName."""
    found = {f.name: f.path for f in content.search_path(include).find("reports")}
    if theme not in found:
        raise UnknownName("report theme", theme, list(found))
    return found[theme]


def theme_in_place_of_built_in(theme: str, include: Sequence[Path] = ()) -> str:
    """What to say where a theme that somebody else wrote is used under a built-in one's name; else empty."""
    found = {f.name: f for f in content.search_path(include).find("reports")}.get(theme)
    built_in = content.bundled() / "reports" / theme
    if found is None or not built_in.is_dir() or found.path.resolve() == built_in.resolve():
        return ""
    return f"report theme {theme}: {found.path} is used in place of the built-in one"


def load(path: Path | str) -> RunHandle:
    """The run in a directory. Raises UserError where it is none, is damaged or was written by a newer tierbench."""
    return RunHandle(store.read(Path(path)))


def compare(baseline: RunHandle, candidate: RunHandle, *, insist: bool = False) -> Comparisons:
    """Two runs side by side: a verdict for every case and metric both have. ``insist`` compares what is not alike."""
    from harness import noise
    from harness.compare import compare as compare_runs

    known = noise.load(store.cache_directory(), candidate.data.manifest.environment)
    return compare_runs(baseline.data, candidate.data, insist=insist, floors=known.fractions() if known else None)


def render(view: ReportView, kind: str) -> str:
    """A view as ``markdown``, ``csv``, ``junit`` or ``json`` text."""
    if kind == "json":
        from harness.model import codec

        return codec.encode(view).decode()
    from importlib import import_module

    text: str = import_module(f"harness.render.{kind}").render(view)
    return text
