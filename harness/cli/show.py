"""``tierbench show``: one run as a table, one profile with its sources, or one workload."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit, UnknownName
from harness.model.text import plain


@click.command("show", short_help="Show a run, a profile, a workload or a model of your own.")
@click.argument("name", default="latest", shell_complete=options.complete_anything)
@options.inputs
@options.runs
@options.include
@options.as_json
def command(name: str, inputs: tuple[str, ...], runs: Path, include: tuple[Path, ...], as_json: bool) -> int:
    """Show NAME: a run (a directory, an id or its beginning, latest), a profile, a workload or a model of your own."""
    if _model(name, inputs, as_json):
        return Exit.OK
    tries: tuple[Callable[[], None], ...] = (
        lambda: _run(name, runs, as_json),
        lambda: _profile(name, include, as_json),
        lambda: _workload(name, include, as_json),
    )
    known: list[str] = []
    for attempt in tries:
        try:
            attempt()
        except UnknownName as unknown:
            known += unknown.known
        else:
            return Exit.OK
    raise UnknownName("run, profile or workload", name, known)


def _model(name: str, inputs: tuple[str, ...], as_json: bool) -> bool:
    """Show a model that is named by file, function or folder; False where the name is none of these."""
    import json

    from harness import own, selection

    given = own.recognise(name)
    if given is None:
        return False
    rows = [own.facts(chosen) for chosen in selection.own_models([given], inputs)]
    if as_json:
        click.echo(json.dumps(rows))
        return True
    for row in rows:
        for field, value in row.items():
            say(plain(f"{field:<17} {', '.join(value) if isinstance(value, list) else value}"))
    return True


def _run(name: str, runs: Path, as_json: bool) -> None:
    from harness import results, store

    handle = results.load(store.find(name, runs))
    if as_json:
        click.echo(results.render(handle.view(), "json"))
        return
    from rich.console import Console

    from harness.render import terminal

    terminal.show(handle.view(), Console(file=sys.stdout))


def _profile(name: str, include: tuple[Path, ...], as_json: bool) -> None:
    from harness import content, profiles
    from harness.model import codec
    from harness.profiles.describe import describe

    resolved = profiles.resolve(name, profiles.load_all(content.search_path(include)))
    if resolved.said and not as_json:
        say(resolved.said, err=True)
    lines = [codec.encode(resolved.profile).decode()] if as_json else describe(resolved.profile)
    say("\n".join(lines))


def _workload(name: str, include: tuple[Path, ...], as_json: bool) -> None:
    import json
    from inspect import getdoc

    from harness import collect, content

    kind = collect.find(collect.load_all(content.search_path(include)), name)
    fields = ("version", "family", "requires", "parameters", "quick", "dtypes", "runtimes", "items_unit")
    facts = {field: getattr(kind, field) for field in (*fields, "deadline_seconds")}
    if as_json:
        click.echo(json.dumps({"name": kind.name, **facts}))
        return
    say(f"{kind.name}: {getdoc(kind) or 'no description'}\n")
    for field, value in facts.items():
        say(f"{field:<17} {value}")
