"""``tierbench check``: whether what a user wrote would work, before anything is measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit
from harness.model.text import plain

if TYPE_CHECKING:
    from harness.model.inquiry import Fault, SuiteAnswer


@click.group("check", short_help="Say all that is wrong with a suite.")
def command() -> None:
    """Check what you wrote, before anything is measured."""


@command.command("suite")
@click.argument("suites", nargs=-1, required=True)
@click.option("-k", "matching", multiple=True, metavar="TEXT", help="Only workloads whose name contains TEXT.")
@options.include
@options.as_json
def suite(suites: tuple[str, ...], matching: tuple[str, ...], include: tuple[Path, ...], as_json: bool) -> int:
    """Build and step the workloads of SUITES (names, files or folders) and say all that is wrong, with file and line.

    Each workload is tried at its quick point, or else at its first: names and deadlines, no work at import, the same
    output from two builds and from two steps, items, and memory that is given back. They are built and stepped for
    real: of a suite of large models, -k tries a few.
    """
    from harness import authoring, store

    files = [authoring.suite_file(name, include) for name in suites]
    answers = {file: authoring.check_suite(file, store.cache_directory(), matching) for file in files}
    if as_json:
        click.echo(json.dumps([_row(fault) for answer in answers.values() for fault in answer.faults]))
    else:
        for file, answer in answers.items():
            _tell(str(file.path), answer)
    return Exit.FAILED if any(answer.faults for answer in answers.values()) else Exit.OK


def _row(fault: Fault) -> dict[str, Any]:
    fields = {"file": fault.file, "line": fault.line, "level": "error", "message": fault.message}
    return {**fields, "hint": fault.hint, "printed": fault.printed}


def _tell(file: str, answer: SuiteAnswer) -> None:
    for fault in answer.faults:
        place = f"{fault.file}:{fault.line}" if fault.line else fault.file
        say(plain(f"{place}: {fault.message}" + (f" ({fault.hint})" if fault.hint else "")))
        for line in fault.printed.splitlines():
            say(plain(f"  it printed: {line}"))
    if not answer.faults:
        say(plain(f"{file}: sound: {', '.join(answer.tried)}"))
