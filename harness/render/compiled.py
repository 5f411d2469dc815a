"""Compiled templates, kept beside a theme as Python keeps compiled modules: compiling takes longer than a short run."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

NAME = f"jinja-{jinja2.__version__}-{sys.implementation.cache_tag}-%s.cache"


class Compiled(jinja2.FileSystemBytecodeCache):
    """Jinja's own cache, of templates compiled with ``options``. One that cannot be read or written is none."""

    def __init__(self, folder: Path, options: str) -> None:
        super().__init__(str(folder), NAME)
        self._options = options

    def get_source_checksum(self, source: str) -> str:
        """Of the options too: another choice of them compiles the same source to something else."""
        return super().get_source_checksum(f"{self._options}\n{source}")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, or leave it empty where the file is missing or damaged."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # a damaged pickle may raise anything
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the bucket, where that is possible."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def beside(theme_dir: Path, options: str) -> Compiled | None:
    """The theme's cache in its ``__pycache__``; None where Python is told to keep no compiled files."""
    if sys.dont_write_bytecode:
        return None
    folder = Path(cache_from_source(str(theme_dir / "any.py"))).parent
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return Compiled(folder, options)
