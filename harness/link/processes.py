"""Processes of this package, started as the harness starts its own: they see no module of the working directory."""

from __future__ import annotations

import os
import sys

from harness.asking import child_code


def command(module: str, *arguments: str) -> list[str]:
    """The command that calls ``main`` of that module with this process's id and the arguments."""
    entry = child_code(f"from {module} import main; sys.exit(main(*sys.argv[1:]))")
    return [sys.executable, "-P", "-c", entry, str(os.getpid()), *arguments]
