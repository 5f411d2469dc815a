"""The prepare role: fill caches and convert before anything is measured, and note what is read from disk."""

from __future__ import annotations

import sys
from pathlib import Path

from harness import atomic
from harness.host.files import HERE
from harness.model import codec
from harness.model.spec import ChildSpec, Prepared
from harness.model.workload import Place, Workload
from harness.runtimes import Runtime
from harness.scenarios.single_stream import MarkTaker
from harness.worker import subject
from harness.worker.failures import NotFinite
from harness.worker.finite import first_not_finite

PREPARED_FORMAT = 1


def run(spec: ChildSpec, runtime: Runtime, workload: Workload, place: Place) -> None:
    """Prepare, load and step once; write the list of files to ``spec.prepared_file``. Raises NotFinite."""
    artefacts = Path(spec.artefacts)
    artefacts.mkdir(parents=True, exist_ok=True)
    subject.prepare(spec, runtime, workload, place)
    output = subject.load(spec, runtime, workload, place).stepper(MarkTaker())()
    where = first_not_finite(output)
    if where is not None:
        raise NotFinite(f"the output is not finite at {where}")
    own = spec.trial.case.workload.own
    given = set(own.files) if own is not None else set()
    files = tuple(sorted(_mapped() | _weights() | _below(artefacts) | given))
    atomic.write(Path(spec.prepared_file), codec.encode(Prepared(PREPARED_FORMAT, files)))


def _mapped() -> set[str]:
    return {path for path in mapped(HERE.exact("proc/self/maps") or "") if Path(path).is_file()}


def mapped(maps: str) -> set[str]:
    """Files in the text of a process's ``maps`` that are read; what processes write to together is no one's content."""
    rows = [parts for line in maps.split("\n") if len(parts := line.split(maxsplit=5)) == 6]
    return {path for _, access, _, _, _, path in rows if path.startswith("/") and access[1::2] != "ws"}


def _weights() -> set[str]:
    weights = sys.modules.get("harness.weights")
    return {str(path) for path in getattr(weights, "used", ())}


def _below(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if path.is_file()}
