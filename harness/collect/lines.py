"""Where in a suite's own files something stands: a class, or what a class body says of one of its names."""

from __future__ import annotations

import ast
import inspect
import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from harness.model.workload import Workload


class Spot(NamedTuple):
    """A file and a line in it; line 0 stands for the file as a whole."""

    file: str
    line: int


def of_class(kind: type[Workload], fallback: Path) -> Spot:
    """Where the class begins; ``fallback`` where its source cannot be had."""
    try:
        return Spot(str(inspect.getsourcefile(kind)), inspect.getsourcelines(kind)[1])
    except (OSError, TypeError):
        return Spot(str(fallback), 0)


def of_name(kind: type[Workload], name: str, fallback: Path) -> Spot:
    """Where the class, or a base class in a suite's file, says what ``name`` is; the class where none does."""
    for base in kind.__mro__:
        if name in vars(base) and base is not Workload:
            spot = of_class(base, fallback)
            return Spot(spot.file, _inside(spot, base.__name__, name) or spot.line)
    return of_class(kind, fallback)


def _inside(spot: Spot, kind: str, name: str) -> int | None:
    try:
        tree = ast.parse(Path(spot.file).read_bytes())
    except (OSError, ValueError, SyntaxError):
        return None
    bodies = [
        n.body for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == kind and n.lineno >= spot.line
    ]
    lines = [statement.lineno for statement in (bodies or [[]])[0] if name in _names(statement)]
    return lines[-1] if lines else None


def _names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def of_error(error: BaseException, folder: Path) -> Spot | None:
    """The innermost line in a file below ``folder`` that led to the error."""
    frames = [Spot(f.filename, f.lineno or 0) for f in traceback.extract_tb(error.__traceback__)]
    own = [spot for spot in frames if Path(spot.file).is_relative_to(folder)]
    return own[-1] if own else None


def of_imports(file: Path, modules: set[str]) -> Iterator[tuple[Spot, str]]:
    """Where the file imports one of these modules, or a part of it, when it is imported itself."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError):
        return
    for node in _at_import(tree):
        yield from ((Spot(str(file), node.lineno), name) for name in _tops(node) if name in modules)


def of_imports_in(kind: type[Workload], method: str, modules: set[str]) -> Iterator[tuple[Spot, str]]:
    """Where the method imports one of these modules, or a part of it."""
    try:
        source, first = inspect.getsourcelines(getattr(kind, method))
        file, tree = inspect.getsourcefile(getattr(kind, method)), ast.parse(textwrap.dedent("".join(source)))
    except (OSError, TypeError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            line = first + node.lineno - 1
            yield from ((Spot(str(file), line), name) for name in _tops(node) if name in modules)


def _at_import(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements outside of functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _at_import(node)


def _tops(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The packages that the statement imports from outside of the suite."""
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [node.module] if node.module and not node.level else []
    return list(dict.fromkeys(name.partition(".")[0] for name in names))
