"""A suite as a whole: its import, what it declares, and each of its workloads in turn."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from msgspec.structs import replace

from harness import collect
from harness.collect import SuiteFile, lines
from harness.errors import ContentError
from harness.model.inquiry import Fault, SuiteAnswer, SuiteQuestion
from harness.model.workload import Workload
from harness.rehearsal import declared, output, tried

IMPORT_SECONDS = 1.0
"""Of processor time: a suite is imported whenever anything is listed."""


def rehearse(question: SuiteQuestion) -> SuiteAnswer:
    """Everything that is wrong with the suite. Workloads are tried where their declarations are sound."""
    file = SuiteFile(question.name, Path(question.path))
    before, start = set(sys.modules), time.process_time()
    try:
        kinds, faults = collect.examine(file)
    except ContentError as error:
        return SuiteAnswer((_fault(error, file.path),))
    seconds = time.process_time() - start
    faults = [*_import_faults(file.path, set(sys.modules) - before, seconds), *faults]
    unsound = {fault.message.partition(":")[0] for fault in faults}
    sound = [kind for kind in kinds if kind.__name__ not in unsound]
    chosen = [kind for kind in sound if not question.matching or any(text in kind.name for text in question.matching)]
    for kind in sound:
        wrong = declared.faults(kind, file.path)
        faults += wrong or (_tried(kind, file.path, Path(question.cache)) if kind in chosen else [])
    return SuiteAnswer(tuple(sorted(faults, key=lambda f: (f.file, f.line))), tuple(kind.name for kind in chosen))


def _tried(kind: type[Workload], file: Path, cache: Path) -> list[Fault]:
    """What is wrong with a workload's work, with what it printed meanwhile."""
    printed = output.since_now()
    faults = tried.faults(kind, file, cache)
    return [replace(fault, printed=printed()) for fault in faults]


def _fault(error: ContentError, file: Path) -> Fault:
    where, _, line = error.where.rpartition(":")
    return Fault(where, int(line), error.what, error.hint) if line.isdigit() else Fault(str(file), 0, error.what)


def _import_faults(file: Path, loaded: set[str], seconds: float) -> list[Fault]:
    heavy = {name for name in collect.HEAVY if name in loaded}
    sources = sorted(file.parent.glob("*.py")) if file.name == "suite.py" else [file]
    found = [(spot, name) for source in sources for spot, name in lines.of_imports(source, heavy)]
    hint = "import it inside build, and name it in requires"
    faults = [Fault(*spot, f"importing the suite loads {name}", hint) for spot, name in found]
    hidden = sorted(heavy - {name for _, name in found}) if not found else []
    faults += [Fault(str(file), 0, f"importing the suite loads {name}", hint) for name in hidden]
    if seconds > IMPORT_SECONDS and not heavy:
        message = f"importing the suite takes {seconds:.1f} s of processor time, more than {IMPORT_SECONDS:g} s"
        faults.append(Fault(str(file), 0, message, "do the work inside build"))
    return faults
