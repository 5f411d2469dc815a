"""``tierbench completion``: the script that a shell sources."""

from __future__ import annotations

import click

from harness.errors import Exit


@click.command("completion", short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script for SHELL, e.g. for ``eval "$(tierbench completion bash)"``."""
    from click.shell_completion import get_completion_class

    from harness.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        return Exit.FAILED
    click.echo(kind(cli, {}, "tierbench", "_TIERBENCH_COMPLETE").source())
    return Exit.OK
