"""``tierbench list``: what there is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit
from harness.model.units import show_bytes


@click.group("list", short_help="List suites, profiles, runs or runtimes.")
def command() -> None:
    """List what there is."""


@command.command("suites")
@options.include
@options.as_json
def suites(include: tuple[Path, ...], as_json: bool) -> int:
    """Workloads of all suites, with their parameters."""
    from harness import collect, content

    rows = [
        {
            "workload": f"{suite.name}/{kind.name}",
            "parameters": {k: list(v) for k, v in kind.parameters.items()},
            "runtimes": list(kind.runtimes),
            "dtypes": list(kind.dtypes),
            "quick": kind.quick is not None,
            "from": suite.origin,
        }
        for suite in collect.load_all(content.search_path(include))
        for kind in suite.workloads
    ]
    return _print(
        rows, as_json, lambda r: (r["workload"], _spread(r["parameters"]), ",".join(r["runtimes"]), r["from"])
    )


@command.command("profiles")
@options.include
@options.as_json
def profiles(include: tuple[Path, ...], as_json: bool) -> int:
    """Hardware profiles: what a workload may use of each, and what a projection onto it would stand on."""
    from harness import content
    from harness import profiles as room

    rows = [
        {
            "profile": p.id,
            "name": p.name,
            "aliases": list(p.aliases),
            "kind": p.kind,
            "tier": p.tier,
            "targets": [t.id for t in p.target],
            "calibration": {t.id: room.calibration(p, t).level for t in p.target},
            "budget_bytes": p.budget_bytes,
        }
        for p in room.load_all(content.search_path(include))
    ]
    return _print(
        rows,
        as_json,
        lambda r: (
            r["profile"],
            r["name"],
            r["kind"],
            show_bytes(r["budget_bytes"]),
            ", ".join(f"{target} {level}" for target, level in r["calibration"].items()),
            " ".join(r["aliases"]),
        ),
    )


@command.command("runs")
@options.runs
@options.as_json
def runs(runs: Path, as_json: bool) -> int:
    """Stored runs, oldest first."""
    from harness import results, store

    rows = []
    for path in store.runs_in(runs):
        handle = results.load(path)
        run = handle.data
        rows.append(
            {
                "run": run.manifest.run_id,
                "path": str(path),
                "trials": len(run.manifest.plan.trials),
                "done": len(run.records),
                "complete": handle.complete,
                "fit": run.manifest.search is not None,
            }
        )
    return _print(rows, as_json, lambda r: (r["run"], _progress(r), r["path"]))


@command.command("runtimes")
@options.as_json
def runtimes(as_json: bool) -> int:
    """Runtimes and why one cannot be used here."""
    from harness import selection

    rows = [
        {"runtime": s.id, "device": s.device, "version": s.version, "reason": s.reason}
        for s in selection.runtime_states()
    ]
    return _print(rows, as_json, lambda r: (r["runtime"], r["device"], r["version"], r["reason"] or "ready"))


def _progress(row: dict[str, Any]) -> str:
    if row["fit"]:
        return f"fit, {row['done']} trials{'' if row['complete'] else ', not finished'}"
    return f"{row['done']}/{row['trials']} trials"


def _spread(parameters: dict[str, list[Any]]) -> str:
    return " ".join(f"{k}={'|'.join(map(str, v))}" for k, v in parameters.items())


def _print(rows: Sequence[dict[str, Any]], as_json: bool, columns: Any) -> int:
    if as_json:
        click.echo(json.dumps(rows))
        return Exit.OK
    if not rows:
        say("none", err=True)
        return Exit.OK
    table = [tuple(map(str, columns(row))) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        say("  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip())
    return Exit.OK
