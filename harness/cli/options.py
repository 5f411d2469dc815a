"""Options that several verbs share, so that they are spelt and explained alike."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from harness import atomic
from harness.errors import UserError
from harness.model.text import shortened

if TYPE_CHECKING:
    from harness.plan import Settings

INSIST = "Compare runs of different machines or library versions all the same."
"""The help of ``--insist``."""
WEEK = 7 * 86400


class Finite(click.FloatRange):
    """A number between two bounds: neither nan nor inf, which a range alone lets through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click does, with a line that says what is right. Raises BadParameter."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number of the range {self._describe_range()}.", param, ctx)
        return number


SECONDS = Finite(min=1, max=WEEK)
ABOVE_0 = Finite(min=0, min_open=True)
SHARE = Finite(min=0.5, max=0.9999)
SEED = click.IntRange(-(2**63), 2**63 - 1)
F = TypeVar("F", bound=Callable[..., Any])


class NamedPath(click.Path):
    """A path that could be one: a name too long for any file system is refused with the option that it was given to."""

    def __init__(self, **more: Any) -> None:
        super().__init__(path_type=Path, **more)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does. Raises BadParameter."""
        text = str(value)
        try:
            atomic.refuse_impossible(text)
        except UserError as error:
            self.fail(error.what, param, ctx)
        if not self.file_okay and os.path.exists(text) and not os.path.isdir(text):  # noqa: PTH110, PTH112 - Path's raise
            self.fail(f"{shortened(text)!r} is not a directory", param, ctx)
        return super().convert(value, param, ctx)


def a_file(ctx: click.Context, param: click.Parameter, text: str | None) -> str | None:
    """An option's callback, where text stands for a file and none at all for the usual one."""
    if text:
        NamedPath(dir_okay=False).convert(text, param, ctx)
    return text


def include(command: F) -> F:
    """``-I DIR``: a directory with suites, profiles or themes of one's own; ``--no-project``: not those here."""
    help_text = "Directory with suites, profiles or themes of your own; may be repeated."
    given = click.option("-I", "--include", multiple=True, type=NamedPath(), metavar="DIR", help=help_text)(command)
    return click.option(
        "--no-project",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_leave_project_out,
        help="Leave out suites, profiles and themes of the working directory: suites are code.",
    )(given)


def _leave_project_out(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    """Until the command has ended, for this process and its children."""
    if asked:
        from harness.content import NO_PROJECT

        before = os.environ.get(NO_PROJECT)
        os.environ[NO_PROJECT] = "1"
        ctx.call_on_close(
            lambda: os.environ.pop(NO_PROJECT) if before is None else os.environ.update({NO_PROJECT: before})
        )


def as_json(command: F) -> F:
    """``--json``: for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(command)


def runs(command: F) -> F:
    """``--runs DIR``: where runs are kept."""
    return click.option(
        "--runs",
        type=NamedPath(file_okay=False),
        default=Path("tierbench-runs"),
        show_default=True,
        help="Directory in which runs are kept.",
    )(command)


def baseline(command: F) -> F:
    """``--baseline RUN`` and ``--insist``: what a run is compared with."""
    given = click.option(
        "--baseline",
        metavar="RUN",
        shell_complete=complete_runs,
        help="Also say what changed from RUN (a directory, a run's id or its beginning, latest).",
    )
    return click.option("--insist", is_flag=True, help=INSIST)(given(command))


def needs_baseline(baseline: str | None, insist: bool) -> None:
    """Refuse ``--insist`` without the ``--baseline`` that it is about. Raises UserError."""
    if insist and not baseline:
        raise UserError("--insist is about a baseline", hint="give --baseline RUN too")


def links(command: F) -> F:
    """``--link``: how a tier is reached."""
    return click.option(
        "--link",
        "links",
        multiple=True,
        metavar="[NAME=]LINK",
        help="Bandwidth and round trip to the cloud tiers, or to profile NAME, such as 20Mbit/s,40ms; may be repeated.",
    )(command)


def scenario(command: F) -> F:
    """``--scenario`` and what it is about: how load is put on."""
    from harness.model.load import SCENARIOS

    kinds = click.Choice([name.replace("_", "-") for name in SCENARIOS])
    given: tuple[tuple[str, dict[str, Any]], ...] = (
        ("--scenario", {"type": kinds, "help": "MLPerf's way to put load on; see docs/how-it-measures.md."}),
        ("--deadline", {"callback": latency, "metavar": "TIME", "help": "Server: latency to keep, such as 50ms."}),
        ("--target-qps", {"type": ABOVE_0, "metavar": "RATE", "help": "Server: one rate, instead of the largest."}),
        ("--percentile", {"type": SHARE, "metavar": "SHARE", "help": "Of queries: 0.9 where 0.99 takes too many."}),
    )
    for name, more in reversed(given):
        command = click.option(name, **more)(command)
    return command


def loaded(settings: Settings, asked: Mapping[str, Any]) -> Settings:
    """The settings of a run under the scenario that was asked for. Raises UserError."""
    about = {name: asked[name] for name in ("deadline", "target_qps", "percentile")}
    if asked["scenario"] is None:
        if given := [name for name, value in about.items() if value is not None]:
            raise UserError(f"--{given[0].replace('_', '-')} is about a scenario", hint="give --scenario too")
        return settings
    if asked["sustained"]:
        raise UserError("--sustained is a scenario of its own", hint="leave out --scenario")
    from harness import loads

    longest = loads.longest(asked["scenario"], asked["budget"], asked["quick"])
    return loads.under(settings, asked["scenario"], longest, **about)


def latency(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """An option's callback: a time with its unit (``50ms``) in seconds."""
    if text is None:
        return None
    from harness.network import quantity

    try:
        seconds = quantity(text, "s")
    except UserError:
        seconds = math.nan
    if not 1e-6 <= seconds <= 86400:
        raise click.BadParameter(f"{text!r} is not a time: write 50ms or 0.05s")
    return seconds


def inputs(command: F) -> F:
    """``--input``: what a model of the user's own is called with."""
    return click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="NAME=SHAPE[:DTYPE]",
        help="Input of a model of your own where its file does not say it, such as x=1x3x224x224:float32; "
        "may be repeated.",
    )(command)


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def duration(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """An option's callback: a length of time with its unit (``90s``, ``10m``, ``1h``) in seconds."""
    if text is None:
        return None
    try:
        seconds = float(text[:-1]) * _UNITS.get(text[-1:], math.nan)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= WEEK:
        raise click.BadParameter(f"{text!r} is not a duration: write 90s, 10m or 1h")
    return seconds


def complete_profiles(ctx: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Ids and aliases of profiles, for the shell."""
    from harness import content, profiles

    known = profiles.load_all(content.search_path(tuple(ctx.params.get("include") or ())))
    names = ["host"] + [name for p in known for name in (p.id, *p.aliases)]
    return [CompletionItem(name) for name in names if name.startswith(start)]


def complete_workloads(ctx: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Suites and workloads, for the shell."""
    from harness import collect, content

    suites = collect.load_all(content.search_path(tuple(ctx.params.get("include") or ())))
    names = [s.name for s in suites] + [f"{s.name}/{w.name}" for s in suites for w in s.workloads]
    return [CompletionItem(name) for name in names if name.startswith(start)]


def complete_runs(ctx: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Ids of runs, for the shell."""
    from harness import store

    known = store.runs_in(ctx.params.get("runs") or Path("tierbench-runs"))
    return [CompletionItem(name) for name in ("latest", *(p.name for p in known)) if name.startswith(start)]


def complete_anything(ctx: click.Context, param: click.Parameter, start: str) -> list[CompletionItem]:
    """Runs, profiles and workloads, for the shell."""
    found = (complete_runs, complete_profiles, complete_workloads)
    return [item for complete in found for item in complete(ctx, param, start)]
