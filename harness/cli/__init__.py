"""The command line: a module a verb, each imported when it is used. Parses and calls; no logic."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from harness import __version__
from harness.cli import streams
from harness.cli.echo import replace_unencodable, say
from harness.errors import Exit, UserError
from harness.garbage import seldom_collecting
from harness.model.text import plain, shortened

VERBS = {
    "run": ("harness.cli.run", "Run workloads on this machine and under the limits of hardware profiles."),
    "fit": ("harness.cli.fit", "Find the smallest memory, the largest batch and the longest context that fit."),
    "report": ("harness.cli.report", "Render a run as HTML, Markdown, CSV, JUnit or JSON."),
    "list": ("harness.cli.listing", "List suites, profiles, runs or runtimes."),
    "show": ("harness.cli.show", "Show a run, a profile or a workload."),
    "new": ("harness.cli.new", "Write a new suite that works and says how to go on."),
    "check": ("harness.cli.check", "Check suites: build them, step them, and say all that is wrong."),
    "compare": ("harness.cli.compare", "Compare two runs: slower, faster, no change detected."),
    "profile": ("harness.cli.profile", "Check hardware profiles."),
    "doctor": ("harness.cli.doctor", "Say what can be measured and enforced here, and what disturbs."),
    "link": ("harness.cli.link", "Send a payload over a shaped link on this machine, beside what the formula says."),
    "record-sensors": ("harness.cli.record_sensors", "Record what this machine's sensors give, to replay it in tests."),
    "completion": ("harness.cli.completion", "Print the completion script for a shell."),
}

EPILOG = """Exit codes: 0 done; 1 a case failed or a check found something wrong; 2 bad input; 3 regression found;
4 the machine stood in the way (disk, permission, locked run); 130 interrupted, resumable."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, their help lines known without."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The verbs, in the order in which a newcomer meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The verb's command, imported now; None for an unknown one."""
        if name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; raises UserError for text that no name, file or number can be."""
        for text in args:
            if "\0" in text or not _is_a_name(text):
                raise UserError(f"{shortened(text)!r} has a character that nothing can be called by")
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with "did you mean" for an unknown verb."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from harness.errors import UnknownName

            raise UnknownName("command", args[0], list(VERBS))
        return super().resolve_command(ctx, args)


def _is_a_name(text: str) -> bool:
    """Whether it could be given to a command: surrogates that stand for no byte cannot."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="tierbench")
def cli() -> None:
    """Does this AI workload fit, how fast is it and what power does it draw, on every tier of hardware?"""


def main(args: list[str] | None = None) -> Any:
    """Entry point: runs a command and turns every error a user can mend into one line and an exit code."""
    streams.open_closed()
    replace_unencodable()
    before = os.environ.get(NO_PROJECT)
    try:
        with seldom_collecting():
            result = cli.main(args=args, prog_name="tierbench", standalone_mode=False)
    except UserError as error:
        return _leave(error.lines, error.exit_code)
    except click.exceptions.Abort:
        return _leave(["interrupted"], Exit.INTERRUPTED)
    except KeyboardInterrupt:
        return _leave(["interrupted"], Exit.INTERRUPTED)
    except click.ClickException as error:
        return _leave([error.format_message()], Exit.BAD_INPUT)
    except click.exceptions.Exit as leave:
        return sys.exit(leave.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return sys.exit(Exit.OK)
    finally:  # a command that was refused while it was read has not put it back
        os.environ.pop(NO_PROJECT, None) if before is None else os.environ.update({NO_PROJECT: before})
    return sys.exit(result if isinstance(result, int) else Exit.OK)


MOST_SHOWN = 2000
"""Characters of a line: what was given may be very long, and is said again."""
NO_PROJECT = "TIERBENCH_NO_PROJECT"
"""As ``harness.content`` reads it; told here too, since that is imported only where content is looked for."""


def _leave(lines: list[str], code: int) -> None:
    for line in lines:
        say(plain(f"tierbench: {shortened(line, MOST_SHOWN)}"), err=True)
    sys.exit(int(code))
