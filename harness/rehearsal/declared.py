"""What a workload declares, held against what there is: runtimes, modules, and how many items each point has."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path

from harness import collect, runtimes
from harness.collect import lines
from harness.model.inquiry import Fault
from harness.model.workload import ANY, Workload


def faults(kind: type[Workload], file: Path) -> list[Fault]:
    """Builds nothing."""
    return _runtimes(kind, file) + _requires(kind, file) + _unnamed(kind) + _items(kind, file)


def _runtimes(kind: type[Workload], file: Path) -> list[Fault]:
    known = runtimes.known()
    spot, hint = lines.of_name(kind, "runtimes", file), f"known here: {', '.join(known)}"
    unknown = [name for name in kind.runtimes if name not in (*known, ANY)]
    return [Fault(*spot, f"{kind.__name__}: no runtime is called {name!r}", hint) for name in unknown]


def _requires(kind: type[Workload], file: Path) -> list[Fault]:
    absent = [name for name in kind.requires if not _is_there(name)]
    spot, hint = lines.of_name(kind, "requires", file), "install it, or name the module that build imports"
    return [Fault(*spot, f"{kind.__name__}: the module {name!r} of requires is not here", hint) for name in absent]


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _unnamed(kind: type[Workload]) -> list[Fault]:
    """Heavy modules that ``build`` itself imports and ``requires`` does not name."""
    named = {name.partition(".")[0] for name in kind.requires}
    hint = "name it in requires, so that its import is told apart from the model's load"
    imports = lines.of_imports_in(kind, "build", set(collect.HEAVY) - named)
    return [Fault(*spot, f"{kind.__name__}: build imports {name}", hint) for spot, name in imports]


def _items(kind: type[Workload], file: Path) -> list[Fault]:
    """At the first point where something is wrong: the others are mostly wrong in the same way."""
    for point in collect.points(kind):
        spot, at = lines.of_name(kind, "items", file), f" at {point}" if point else ""
        try:
            found = kind().items(**point)
        except Exception as error:
            spot = lines.of_error(error, file.parent) or spot
            return [Fault(*spot, f"{kind.__name__}: items raises {type(error).__name__}: {error}{at}")]
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < math.inf:
            message = f"{kind.__name__}: items gives {found!r}{at}"
            return [Fault(*spot, message, "it must be a number above 0: what one step processes")]
    return []
