"""``tierbench run``: measure, write the run, render the report, say the verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from harness.cli import gate, options
from harness.cli.echo import say
from harness.errors import Exit, UserError

if TYPE_CHECKING:
    from harness.model.case import Plan
    from harness.plan import Settings
    from harness.results import RunHandle
    from harness.view import ReportView

_OF_THE_PLAN = (
    "workloads", "matching", "profiles", "runtimes", "dtypes", "quick", "gate", "slow_down", "advise", "sustained",
    "scenario", "deadline", "target_qps", "percentile", "links", "inputs", "out",
)  # fmt: skip
"""What a run that is resumed was told when it began."""


@click.command("run", short_help="Run workloads and render a report.")
@click.argument("workloads", nargs=-1, shell_complete=options.complete_workloads)
@click.option("-k", "matching", multiple=True, metavar="TEXT", help="Only workloads whose id contains TEXT.")
@click.option(
    "-p",
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    shell_complete=options.complete_profiles,
    help="Tier to try: host (default) or a hardware profile's id or alias; may be repeated.",
)
@options.inputs
@click.option("--runtime", "runtimes", multiple=True, metavar="NAME", help="Runtime (default: the workload's first).")
@click.option("--dtype", "dtypes", multiple=True, metavar="NAME", help="Data type (default: the workload's own).")
@click.option("--quick", is_flag=True, help="The quick selection, one process each, short budgets.")
@click.option("--processes", type=click.IntRange(1, 100), help="Processes a case (default 3, quick 1).")
@click.option(
    "--budget", type=options.Finite(min=0.01, max=options.WEEK), metavar="SECONDS", help="For a process's timed rounds."
)
@click.option(
    "--min-time", type=options.Finite(0, options.WEEK), metavar="SECONDS", help="At least so long (default 0.5)."
)
@click.option(
    "--warmup", type=options.Finite(0, options.WEEK), metavar="SECONDS", help="At most, for a process's warm-up."
)
@click.option("--precision", type=options.Finite(min=0.0001, max=1), metavar="FRACTION", help="Stop when within it.")
@click.option(
    "--sustained",
    callback=options.duration,
    metavar="TIME",
    help="Load for 90s, 10m or 1h and report minute by minute (one process unless --processes says more).",
)
@options.scenario
@click.option(
    "--gate", is_flag=True, help="Also memory peaks that repeat: the allocator held still, 3 processes or more."
)
@click.option(
    "--slow-down", is_flag=True, help="Also each board's cases at the pace that is projected for them, by waiting."
)
@click.option(
    "--advise", is_flag=True, help="Where a workload does not fit a tier, also try its suite's other variants there."
)
@options.links
@click.option("--timeout", type=options.SECONDS, metavar="SECONDS", help="For one trial.")
@click.option("--seed", type=options.SEED, default=0, show_default=True, help="Of order and inputs.")
@click.option("--means", metavar="NAME", help="Force a means of enforcement; see `tierbench doctor`.")
@click.option("--out", type=options.NamedPath(), metavar="DIR", help="Directory of the new run.")
@click.option("--resume", "resumed", type=options.NamedPath(), metavar="DIR", help="Finish an earlier run.")
@click.option("--strict", is_flag=True, help="Exit 1 where a measurement is not valid, and say which.")
@click.option("--no-report", is_flag=True, help="Do not render the HTML report.")
@click.option("--dry-run", is_flag=True, help="Say what would be run and stop.")
@options.baseline
@options.include
@options.as_json
def command(
    resumed: Path | None,
    strict: bool,
    no_report: bool,
    as_json: bool,
    dry_run: bool,
    baseline: str | None,
    insist: bool,
    **asked: Any,
) -> int:
    """Run WORKLOADS (suites, workloads or their points by name, such as
    vision/resnet50[batch=8]; all where none is given) on the tiers given by -p.

    A model of your own is named by its file or function: model.onnx, model.pt2, package.module:function,
    file.py::Workload, or a folder with Hugging Face's config.json.

    With --baseline it exits with 3 where something got worse.
    """
    settings = _settings(asked)
    options.needs_baseline(baseline, insist)
    before = gate.find(baseline, insist, resumed) if baseline else None
    if dry_run:
        return _say_plan(asked, settings, as_json)
    from harness.cli.progress import watching

    with watching(quiet=as_json) as (emit, stop):
        handle = _resume(resumed, asked, emit, stop) if resumed else _new(asked, settings, emit, stop)
    return _finish(handle, handle.view(baseline=before, insist=insist), strict, no_report, as_json)


def _settings(asked: dict[str, Any]) -> Settings:
    from harness import plan

    settings = plan.QUICK if asked["quick"] else plan.Settings()
    settings = plan.timed(settings, **{name: asked[name] for name in ("budget", "precision", "min_time", "warmup")})
    long = asked["sustained"] or asked["scenario"] == "server"
    processes = asked["processes"] or (1 if long else None)
    changes = {"processes": processes, "timeout_seconds": asked["timeout"], "sustained_seconds": asked["sustained"]}
    changes = {k: v for k, v in changes.items() if v is not None}
    changes |= {"slow_down": True} if asked["slow_down"] else {}
    if asked["gate"]:
        changes["gate"] = _gate()
    if asked["timeout"] is not None:
        changes["ceiling_timeout_seconds"] = asked["timeout"]
    return options.loaded(replace(settings, seed=asked["seed"], **changes), asked)


def _gate() -> bool:
    from harness.meters.allocator import glibc

    if glibc() is None:
        raise UserError("--gate fixes thresholds of glibc's allocator, and the C library here is another")
    return True


def _selection(asked: dict[str, Any]) -> Any:
    from harness.selection import Selection

    return Selection(
        workloads=asked["workloads"],
        matching=asked["matching"],
        profiles=asked["profiles"] or ("host",),
        runtimes=asked["runtimes"],
        dtypes=asked["dtypes"],
        quick=asked["quick"],
        include=asked["include"],
        links=asked["links"],
        inputs=asked["inputs"],
    )


def _new(asked: dict[str, Any], settings: Settings, emit: Any, stop: Any) -> RunHandle:
    from harness import api

    more = {name: asked[name] for name in ("means", "advise")}
    return api.execute(_selection(asked), settings, asked["out"], **more, emit=emit, stop=stop)


def _resume(path: Path, asked: dict[str, Any], emit: Any, stop: Any) -> RunHandle:
    from harness import api

    given = [name for name in _OF_THE_PLAN if asked[name]]
    if given:
        raise UserError(f"--resume goes on with the run's own plan: leave out {', '.join(given)}")
    return api.resume(path, means=asked["means"], emit=emit, stop=stop)


def _say_plan(asked: dict[str, Any], settings: Settings, as_json: bool) -> int:
    from harness import selection
    from harness.model import codec

    planned, _, found, said = selection.make_plan(_selection(asked), settings, selection.capabilities())
    refused = [finding.message for finding in found if finding.code == selection.MODEL_REFUSED]
    for line in refused:
        say(f"tierbench: {line}", err=True)
    code = Exit.FAILED if refused else Exit.OK
    if as_json:
        click.echo(codec.encode(planned))
        return code if planned.trials else Exit.BAD_INPUT
    selection.require_something(planned)
    for line in (*said, *(trial.id for trial in planned.trials)):
        say(line)
    _say_left_out(planned)
    return code


def _say_left_out(planned: Plan) -> None:
    for skip in planned.skips:
        say(f"left out: {skip.case.id}: {skip.reason}")


def _finish(handle: RunHandle, view: ReportView, strict: bool, no_report: bool, as_json: bool) -> int:
    from harness import results

    written = handle.data.records and not no_report
    if written and (notice := results.theme_in_place_of_built_in("default")):
        say(notice, err=True)
    report = results.write_page(view, handle.path / "report.html") if written else None
    if as_json:
        _print_json(handle, view, report)
    else:
        _print_table(handle, view, report)
    if not handle.complete:
        say(f"stopped; go on with: tierbench run --resume {handle.path}", err=True)
        return Exit.INTERRUPTED
    failed = handle.failed or (strict and _complain(handle))
    return gate.code(view) or (Exit.FAILED if failed else Exit.OK)


def _complain(handle: RunHandle) -> bool:
    """Say which measurements are not valid and why; whether there are any."""
    for trial, verdict in handle.invalid.items():
        reasons = "; ".join(f"{reason.code}: {reason.message}" for reason in verdict.reasons)
        say(f"not valid: {trial}: {reasons}", err=True)
    return bool(handle.invalid)


def _print_json(handle: RunHandle, view: ReportView, report: Path | None) -> None:
    import json

    said = {
        "run": handle.data.manifest.run_id,
        "path": str(handle.path),
        "report": str(report) if report else None,
        "complete": handle.complete,
        "failed": handle.failed,
        "invalid": {trial: verdict.codes for trial, verdict in handle.invalid.items()},
        "baseline": view.changed.run_id if view.changed else None,
        "regressed": gate.regressed(view),
    }
    click.echo(json.dumps(said))


def _print_table(handle: RunHandle, view: ReportView, report: Path | None) -> None:
    from rich.console import Console

    from harness.render import terminal

    if not handle.data.records:
        _say_left_out(handle.data.manifest.plan)
        return
    terminal.show(view, Console(file=sys.stdout))
    say(f"\nrun     {handle.path}")
    if report is not None:
        say(f"report  {report}")
