"""``tierbench report``: render a stored run."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit

FORMATS = ("html", "markdown", "csv", "junit", "json")


@click.command("report", short_help="Render a run.")
@click.argument("run", default="latest", shell_complete=options.complete_runs)
@click.option("-f", "--format", "kind", type=click.Choice(FORMATS), default="html", show_default=True)
@click.option("-o", "--output", type=options.NamedPath(), metavar="FILE", help="Default: report.html in the run.")
@click.option("--theme", default="default", show_default=True, help="Folder of that name under reports/.")
@options.baseline
@options.links
@options.runs
@options.include
def command(
    run: str,
    kind: str,
    output: Path | None,
    theme: str,
    baseline: str | None,
    insist: bool,
    links: tuple[str, ...],
    runs: Path,
    include: tuple[Path, ...],
) -> int:
    """Render RUN (a directory, a run's id or its beginning; the latest by default)."""
    from harness import results, store

    options.needs_baseline(baseline, insist)
    handle = results.load(store.find(run, runs)).over(links)
    before = results.load(store.find(baseline, runs)) if baseline else None
    for notice in handle.data.notices:
        say(notice, err=True)
    view = handle.view(baseline=before, insist=insist)
    if kind == "html":
        if notice := results.theme_in_place_of_built_in(theme, include):
            say(notice, err=True)
        say(results.write_page(view, output or handle.path / "report.html", theme, include))
        return Exit.OK
    text = results.render(view, kind)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        results.write_text(output, text)
        say(output)
    return Exit.OK
