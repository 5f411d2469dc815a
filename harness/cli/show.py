"""``tierbench show``: one run as a table, one profile with its sources, one workload."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import options
from harness.errors import Exit


@click.group("show", short_help="Show a run, a profile or a workload.")
def command() -> None:
    """Show one thing."""


@command.command("run")
@click.argument("run", default="latest", shell_complete=options.complete_runs)
@options.runs
@options.as_json
def run(run: str, runs: Path, as_json: bool) -> int:
    """The table and verdict of RUN."""
    from harness import api, store
    from harness.render import terminal

    handle = api.load(store.find(run, runs))
    if as_json:
        click.echo(api.render(handle, "json"))
        return Exit.OK
    from rich.console import Console

    view = handle.view()
    terminal.show(view, Console(file=sys.stdout))
    click.echo(f"\n{view.verdict}")
    return Exit.OK


@command.command("profile")
@click.argument("name", shell_complete=options.complete_profiles)
@options.include
@options.as_json
def profile(name: str, include: tuple[Path, ...], as_json: bool) -> int:
    """Every figure of the profile NAME with its source."""
    from harness import content, profiles
    from harness.model import codec

    resolved = profiles.resolve(name, profiles.load_all(content.search_path(include)))
    if as_json:
        click.echo(codec.encode(resolved.profile))
        return Exit.OK
    if resolved.said:
        click.echo(resolved.said, err=True)
    for line in profiles.describe(resolved.profile):
        click.echo(line)
    return Exit.OK


@command.command("workload")
@click.argument("name", shell_complete=options.complete_workloads)
@options.include
def workload(name: str, include: tuple[Path, ...]) -> int:
    """What the workload NAME declares."""
    from inspect import getdoc

    from harness import collect, content

    kind = collect.find(collect.load_all(content.search_path(include)), name)
    click.echo(f"{kind.name} (version {kind.version})\n{getdoc(kind) or ''}\n")
    for field in ("family", "requires", "parameters", "quick", "dtypes", "runtimes", "items_unit", "deadline_seconds"):
        click.echo(f"{field:<17} {getattr(kind, field)}")
    return Exit.OK
