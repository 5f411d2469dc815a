"""``tierbench fit``: the smallest memory, the largest batch, the longest context, by real runs under a limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit, UserError

if TYPE_CHECKING:
    from harness.results import RunHandle

_ASKED = ("workload", "profile", "parameters", "runtime", "dtype", "fast", "most", "inputs", "out", "timeout")
"""What a search that is resumed was told when it began."""


@click.command("fit", short_help="Find the smallest memory, the largest batch and the longest context.")
@click.argument("workload", required=False, shell_complete=options.complete_workloads)
@click.option(
    "-p",
    "--profile",
    metavar="NAME",
    shell_complete=options.complete_profiles,
    help="Tier to fit; host (default): the smallest memory alone.",
)
@click.option(
    "--parameter", "parameters", multiple=True, metavar="NAME", help="Seek this instead of batch and context (repeat)."
)
@click.option("--most", type=click.IntRange(1, 10**9), metavar="N", help="Try no parameter beyond N.")
@click.option("--runtime", metavar="NAME", help="Runtime (default: the workload's first).")
@click.option("--dtype", metavar="NAME", help="Data type (default: the workload's own).")
@click.option(
    "--precision",
    type=options.Finite(min=0.001, max=0.5),
    default=0.01,
    show_default=True,
    metavar="FRACTION",
    help="Of the smallest memory.",
)
@click.option("--fast", is_flag=True, help="Start from an estimate by one measured composition; all within 3 %.")
@click.option("--timeout", type=options.SECONDS, metavar="SECONDS", help="For one try (default 180).")
@click.option("--means", metavar="NAME", help="Force a means of enforcement; see `tierbench doctor`.")
@click.option("--out", type=options.NamedPath(), metavar="DIR", help="Directory of the new run.")
@click.option("--resume", "resumed", type=options.NamedPath(), metavar="DIR", help="Go on with an earlier one.")
@options.inputs
@options.include
@options.as_json
def command(resumed: Path | None, as_json: bool, **asked: Any) -> int:
    """Find by real runs what of WORKLOAD fits, a workload or one of its points such as vision/resnet50[batch=8].

    It may be a model of your own, as in `tierbench run`. Sought are the smallest memory in which it completes and, with
    -p PROFILE, the largest batch and the longest context that fit there, each try under the enforced limit.
    """
    from harness.cli.progress import watching

    _check(resumed, asked)
    with watching(quiet=as_json) as (emit, stop):
        handle = _resume(resumed, asked, emit, stop) if resumed else _new(asked, emit, stop)
    (_print_json if as_json else _print)(handle)
    if not handle.complete:
        say(f"stopped; go on with: tierbench fit --resume {handle.path}", err=True)
        return Exit.INTERRUPTED
    return Exit.FAILED if any(f.state == "stopped" for f in handle.capacity) else Exit.OK


def _check(resumed: Path | None, asked: dict[str, Any]) -> None:
    if resumed is None and not asked["workload"]:
        raise UserError("which workload?", hint="see `tierbench list suites`")
    given = [name for name in _ASKED if asked[name]] if resumed else []
    if given:
        raise UserError(f"--resume goes on with what was asked: leave out {', '.join(given)}")


def _new(asked: dict[str, Any], emit: Any, stop: Any) -> RunHandle:
    from harness import api
    from harness.capacity import Wish
    from harness.selection import Selection

    selection = Selection(
        (asked["workload"],),
        profiles=(asked["profile"] or "host",),
        runtimes=(asked["runtime"],) if asked["runtime"] else (),
        dtypes=(asked["dtype"],) if asked["dtype"] else (),
        include=asked["include"],
        inputs=asked["inputs"],
    )
    wish = Wish(asked["parameters"], asked["precision"], asked["fast"], asked["most"])
    more = {name: asked[name] for name in ("timeout", "means")}
    return api.search(selection, wish, asked["out"], **more, emit=emit, stop=stop)


def _resume(path: Path, asked: dict[str, Any], emit: Any, stop: Any) -> RunHandle:
    from harness import api, results

    if results.load(path).data.manifest.search is None:
        raise UserError("is no run of fit", where=str(path), hint="`tierbench run --resume` goes on with it")
    return api.resume(path, means=asked["means"], emit=emit, stop=stop)


def _print(handle: RunHandle) -> None:
    for row in handle.view().capacity:
        say(row.text)
    say(f"\nrun     {handle.path}")


def _print_json(handle: RunHandle) -> None:
    from msgspec import to_builtins

    said = {
        "run": handle.data.manifest.run_id,
        "path": str(handle.path),
        "complete": handle.complete,
        "found": to_builtins(handle.capacity),
    }
    click.echo(json.dumps(said))
