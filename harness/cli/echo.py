"""Output for people: nothing in a name, a message or a path can steer the terminal or stop the output."""

from __future__ import annotations

import sys
from contextlib import suppress

import click

from harness.model.text import plain_lines


def say(text: object, *, err: bool = False) -> None:
    """Print ``text`` with its control characters spelt out."""
    click.echo(plain_lines(str(text)), err=err)


def replace_unencodable() -> None:
    """Have the standard streams spell out what their encoding lacks, instead of ending the command over it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # a stream that a test or an embedding program put in its place
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
