"""The command ``tierbench``, under a name of its own: other packages are called ``harness``, too."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

BAD_INPUT = 2


def main() -> Any:
    """Run the command; where another package of the name ``harness`` would be imported, say which."""
    other = found_instead()
    if other is not None:
        hint = "take its folder out of PYTHONPATH, or start tierbench elsewhere"
        sys.stderr.write(f"tierbench: {other}: is found as `harness` in place of tierbench's own package ({hint})\n")
        return sys.exit(BAD_INPUT)
    from harness.cli import main as run

    return run()


def found_instead() -> str | None:
    """The file or folder that would be imported as ``harness``, None where it is tierbench's."""
    spec = PathFinder.find_spec("harness")
    own = Path(__file__).resolve().parent / "harness" / "__init__.py"
    if spec is None or not spec.origin:
        return None if spec is None else str(next(iter(spec.submodule_search_locations or ()), spec.name))
    return None if Path(spec.origin).resolve() == own else spec.origin


if __name__ == "__main__":
    main()
