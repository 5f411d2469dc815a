"""A suite's file as compiled code, kept beside it as Python keeps it, but by its content and not by its time.

Python's own cache misses a change within the same second, which people who try something out do make.
"""

from __future__ import annotations

import marshal
import sys
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path
from types import CodeType

from harness import atomic


def code_of(loader: SourceFileLoader) -> CodeType:
    """The code of the loader's file. Raises SyntaxError and OSError."""
    source = loader.get_data(loader.path)
    stamp, kept = MAGIC_NUMBER + source_hash(source), file_of(Path(loader.path))
    with suppress(OSError, ValueError, EOFError, TypeError):
        content = kept.read_bytes()
        if content.startswith(stamp):
            found = marshal.loads(content[len(stamp) :])
            if isinstance(found, CodeType) and found.co_filename == loader.path:
                return found
    code: CodeType = loader.source_to_code(source, loader.path)
    if not sys.dont_write_bytecode:
        with suppress(OSError):
            atomic.write(kept, stamp + marshal.dumps(code))
    return code


def file_of(suite: Path) -> Path:
    """Where a suite's code is kept: where Python keeps it, under a name that is never Python's own.

    By the level of ``-O``, which leaves out assertions.
    """
    return Path(cache_from_source(str(suite), optimization=f"suite{sys.flags.optimize or ''}"))
