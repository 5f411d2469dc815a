"""The prepare role: fill caches and convert before anything is measured, and note what is read from disk."""

from __future__ import annotations

import os
import shutil
import sys
import time
from importlib.util import cache_from_source
from pathlib import Path

from harness import atomic
from harness.host.files import HERE
from harness.model import prepared
from harness.model.spec import ChildSpec, Prepared
from harness.model.workload import Place, Workload
from harness.runtimes import Runtime
from harness.scenarios.single_stream import MarkTaker
from harness.worker import read_files, subject
from harness.worker.failures import NotFinite
from harness.worker.finite import first_not_finite
from harness.worker.tracing import Opened


def run(spec: ChildSpec, runtime: Runtime, workload: Workload, place: Place, opened: Opened) -> None:
    """Prepare, load and step once; write the list of files to ``spec.prepared_file``. Raises NotFinite."""
    began_ns, artefacts, target = time.time_ns(), Path(spec.artefacts), Path(spec.prepared_file)
    shutil.rmtree(artefacts, ignore_errors=True)  # of files that have changed since, or of a try that broke off
    artefacts.mkdir(parents=True, exist_ok=True)
    subject.prepare(spec, runtime, workload, place)
    output = subject.load(spec, runtime, workload, place).stepper(MarkTaker())()
    where = first_not_finite(output)
    if where is not None:
        raise NotFinite(f"the output is not finite at {where}")
    own = spec.trial.case.workload.own
    given = set(own.files) if own is not None else set()
    needed = _mapped() | _weights() | _below(artefacts) | given
    opens, found_by = opened.so_far()
    sources = {path for path in opens if path.endswith(".py")} | _sources()
    needed |= {_as_kept(path) for path in sources}  # this first time may have compiled it
    needed |= {path for path in sources if not _is_installed(path)}  # by these it is known when a work has changed
    found = read_files.found(needed, opens, began_ns, Path(spec.cache))
    files, states = tuple(f.path for f in found.kept), tuple(f.state for f in found.kept)
    content = Prepared(prepared.FORMAT, files, states, found_by, found.left_out_bytes)
    atomic.write(target, prepared.encode(content))


def _mapped() -> set[str]:
    return mapped(HERE.exact("proc/self/maps") or "")


def mapped(maps: str) -> set[str]:
    """Files in the text of a process's ``maps`` that are read; what processes write to together is no one's content."""
    rows = [parts for line in maps.split("\n") if len(parts := line.split(maxsplit=5)) == 6]
    return {path for _, access, _, _, _, path in rows if path.startswith("/") and access[1::2] != "ws"}


def _weights() -> set[str]:
    weights = sys.modules.get("harness.weights")
    return {str(path) for path in getattr(weights, "used", ())}


def _below(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if path.is_file()}


def _sources() -> set[str]:
    """The files of all modules: of those that were imported before anything was traced, too."""
    known = [module for module in list(sys.modules.values()) if module is not None]
    return {path for module in known if isinstance(path := getattr(module, "__file__", None), str)}


def _is_installed(path: str) -> bool:
    """Whether it belongs to the interpreter or its packages, whose versions are known otherwise."""
    return path.startswith((f"{sys.prefix}{os.sep}", f"{sys.base_prefix}{os.sep}"))


def _as_kept(source: str) -> str:
    """The compiled form of a module, which a later interpreter reads in place of its source."""
    compiled = cache_from_source(source) if source.endswith(".py") else source
    return compiled if HERE.exists(compiled) else source
