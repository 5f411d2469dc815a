"""A suite file run as a module of its own, and what it declares. Nothing broken is passed over in silence."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

from harness import atomic
from harness.collect import lines
from harness.collect.compiled import code_of
from harness.collect.declaration import declaration_defects
from harness.errors import ContentError, UserError
from harness.model import suite_files
from harness.model.inquiry import Fault
from harness.model.measure import Finding
from harness.model.workload import Workload

MOST_BYTES = 16 << 20
HEAVY = (
    "torch",
    "transformers",
    "tensorflow",
    "jax",
    "onnxruntime",
    "ncnn",
    "openvino",
    "executorch",
    "pandas",
    "scipy",
)
"""Modules that no suite is to load when it is imported."""


@dataclass(frozen=True)
class SuiteFile:
    """A suite that was found and not yet loaded."""

    name: str
    path: Path
    origin: str = ""


@dataclass(frozen=True)
class Suite:
    """A loaded suite, its workloads in the order in which the file declares them."""

    name: str
    path: Path
    workloads: tuple[type[Workload], ...]
    origin: str = ""
    findings: tuple[Finding, ...] = field(default=())


def load_suite(file: SuiteFile) -> Suite:
    """Import the suite afresh from its file. Raises ContentError with the file and line of the user's code."""
    heavy_before = _loaded_heavy()
    module = _import(file)
    kinds = _declared(module, file)
    _check(kinds, file)
    return Suite(file.name, file.path, tuple(kinds), file.origin, _slow_import(file, _loaded_heavy() - heavy_before))


def examine(file: SuiteFile) -> tuple[list[type[Workload]], list[Fault]]:
    """The suite's workloads, and everything that is wrong in what the file declares. Raises ContentError as above."""
    kinds = _declared(_import(file), file)
    faults = [
        Fault(*lines.of_name(kind, _subject(defect), file.path), f"{kind.__name__}: {defect}")
        for kind in kinds
        for defect in declaration_defects(kind)
    ]
    return kinds, faults + _twins(kinds, file)


def _subject(defect: str) -> str:
    """The name that a sentence on a declaration begins with."""
    return defect.partition(" ")[0].partition("[")[0]


def _twins(kinds: Sequence[type[Workload]], file: SuiteFile) -> list[Fault]:
    named: dict[str, type[Workload]] = {}
    faults = []
    for kind in kinds:
        earlier = named.setdefault(getattr(kind, "name", kind.__name__), kind)
        if earlier is not kind:
            first = _line_of(earlier, file)
            message = f"the workload {kind.name!r} is declared twice, first at {first}"
            faults.append(Fault(*lines.of_class(kind, file.path), message))
    return faults


def _import(file: SuiteFile) -> ModuleType:
    """Run the file as a module of a private package, so that ``from . import sibling`` works and no name collides.

    Processes that a workload starts can import it by the same name.
    """
    _refuse_unreadable(file)
    package_name = suite_files.package_of(file.path)
    _forget(package_name)
    package = ModuleType(package_name)
    package.__path__ = [str(file.path.parent)]
    loader = SourceFileLoader(suite_files.module_of(file.path), str(file.path))
    module = module_from_spec(ModuleSpec(loader.name, loader, origin=loader.path))
    module.__file__ = loader.path
    sys.modules |= {package_name: package, module.__name__: module}
    try:
        with redirect_stdout(sys.stderr):
            exec(code_of(loader), vars(module))
    except (Exception, SystemExit) as error:
        _forget(package_name)
        raise _broken(file, package_name, error) from error
    return module


def _refuse_unreadable(file: SuiteFile) -> None:
    """Raise ContentError for what is no file, or too large for code: reading it might never end."""
    try:
        atomic.refuse_irregular(file.path)
        size = file.path.stat().st_size
        with file.path.open("rb") as stream:
            head = stream.read(2)
    except OSError:
        return  # which the import says in its own words
    except UserError as error:
        raise ContentError(error.what, where=error.where, hint=error.hint) from None
    if atomic.is_utf_16(head):
        raise ContentError("the file is UTF-16 text", where=f"{file.path}:1", hint="save it as UTF-8")
    if size > MOST_BYTES:
        raise ContentError(
            f"has more than {MOST_BYTES >> 20} MiB", where=str(file.path), hint="a suite is a page of code"
        )


def _forget(package_name: str) -> None:
    for name in [n for n in sys.modules if n == package_name or n.startswith(package_name + ".")]:
        del sys.modules[name]


def _broken(file: SuiteFile, package_name: str, error: BaseException) -> ContentError:
    text = " ".join(str(error).split())[:300]
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    where = _user_line(package_name, error) or str(file.path)
    if isinstance(error, SyntaxError):
        what = f"{type(error).__name__}: {error.msg}"
        where = f"{error.filename}:{error.lineno}" if error.filename and error.lineno else where
    return ContentError(f"cannot be imported: {what}", where=where)


def _user_line(package_name: str, error: BaseException) -> str | None:
    """The innermost line of the suite's own code that led to the error, as ``file:line``."""
    own = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if str(frame.f_globals.get("__name__", "")).startswith(package_name):
            own = f"{frame.f_code.co_filename}:{line}"
    return own


def _declared(module: ModuleType, file: SuiteFile) -> list[type[Workload]]:
    package_name = suite_files.package_of(file.path) + "."
    kinds: dict[type[Workload], None] = {}
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Workload) and value.__module__.startswith(package_name):
            kinds[value] = None
    public = [kind for kind in kinds if not kind.__name__.startswith("_")]
    if not public:
        hint = "subclass harness.Workload, or begin the file's name with '_' if it is a helper"
        raise ContentError("declares no workload", where=f"{file.path}:1", hint=hint)
    return public


def _check(kinds: Iterable[type[Workload]], file: SuiteFile) -> None:
    named: dict[str, type[Workload]] = {}
    for kind in kinds:
        found = declaration_defects(kind)
        if found:
            raise ContentError(f"{kind.__name__}: {'; '.join(found)}", where=_line_of(kind, file))
        if kind.name in named:
            earlier = _line_of(named[kind.name], file)
            raise ContentError(
                f"the workload {kind.name!r} is declared twice, first at {earlier}", where=_line_of(kind, file)
            )
        named[kind.name] = kind


def _line_of(kind: type[Workload], file: SuiteFile) -> str:
    spot = lines.of_class(kind, file.path)
    return f"{spot.file}:{spot.line}" if spot.line else spot.file


def _loaded_heavy() -> set[str]:
    return {name for name in HEAVY if name in sys.modules}


def _slow_import(file: SuiteFile, pulled_in: set[str]) -> tuple[Finding, ...]:
    if not pulled_in:
        return ()
    names = ", ".join(sorted(pulled_in))
    message = f"importing the suite {file.name} loads {names}, which makes every command slow and spoils the baseline"
    hint = "import it inside build, and name it in requires"
    return (Finding("warning", "heavy-suite", message, hint, str(file.path)),)
