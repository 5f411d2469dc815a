"""Output for people: nothing in a name, a message or a path can steer the terminal or stop the output."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from harness.model.text import plain_lines


def say(text: object, *, err: bool = False) -> None:
    """Print ``text`` with its control characters spelt out."""
    click.echo(plain_lines(str(text)), err=err)


def replace_unencodable() -> None:
    """Have the standard streams spell out what their encoding lacks, instead of ending the command over it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # and not what a test or an embedding program put in its place
            stream.reconfigure(errors="backslashreplace")
