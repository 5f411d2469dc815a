"""What has been prepared: which works have their caches filled, and which files each reads from disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from harness.model import prepared as kept
from harness.model.case import Limits, Trial, WorkloadRef
from harness.model.codec import FormatError
from harness.model.machine import Capabilities
from harness.model.spec import FileState, Prepared
from harness.model.units import GIB

PREPARE_SECONDS = 1800.0
PREPARE_WITHIN = "prepare_within"
"""Setting of a trial whose work may be larger than this machine: the most bytes that preparing it may take."""
MOST_AT_ONCE = 2
MEMORY_FOR_EACH = 8 * GIB
"""More than converting any built-in work takes."""


def at_once(caps: Capabilities) -> int:
    """How many works are prepared at once: one a core, as far as memory goes, and only one where they share a GPU."""
    return 1 if caps.gpus else max(1, min(MOST_AT_ONCE, caps.cores, caps.memory_bytes // MEMORY_FOR_EACH))


@dataclass(frozen=True)
class Known:
    """A trial that knows where its artefacts are, and the files its work reads.

    ``found_by`` says how those were found, as in ``Prepared``; ``left_out_bytes`` is of files that it reads besides.
    """

    trial: Trial
    files: tuple[str, ...]
    found_by: str = ""
    left_out_bytes: int = 0


@dataclass
class Preparation:
    """Keeps a file for each work below ``cache/prepared``.

    ``versions`` are those that make an old one worthless, and name the environment that it belongs to. A list of files
    is used only where each of them is here, as it was.
    """

    cache: Path
    versions: dict[str, str | None]

    def missing(self, trials: Iterable[Trial]) -> list[Trial]:
        """A ``prepare`` trial for each work that has none yet, in the order of the trials."""
        works = {trial.case.work_id: trial for trial in trials}
        return [self._prepare(trial) for trial in works.values() if self._read(trial) is None]

    def known(self, trial: Trial) -> Known:
        """``trial`` with what its preparation left behind."""
        prepared = self._kept(trial) or Prepared(kept.FORMAT, ())
        told = replace(trial, settings={**trial.settings, "work_key": self.key(trial)})
        files = tuple(file for file in prepared.files if _state(file) is not None)
        return Known(told, files, prepared.found_by, prepared.left_out_bytes)

    def key(self, trial: Trial) -> str:
        """Hash of all that a preparation depends on: the work, its suite's source, versions, seed."""
        case = trial.case
        parts = [case.work_id, str(case.workload.version), str(trial.seed), _source(case.workload)]
        parts += [f"{name}={version}" for name, version in sorted(self.versions.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]

    def _file(self, trial: Trial) -> Path:
        return self.cache / "prepared" / f"{self.key(trial)}.json"

    def _prepare(self, trial: Trial) -> Trial:
        settings = {"work_key": self.key(trial), "prepared_file": str(self._file(trial))}
        within = trial.settings.get(PREPARE_WITHIN)
        limits = Limits(memory_bytes=int(within)) if within else Limits()
        return replace(
            trial, role="prepare", replicate=0, limits=limits, timeout_seconds=PREPARE_SECONDS, settings=settings
        )

    def _kept(self, trial: Trial) -> Prepared | None:
        try:
            return kept.decode(self._file(trial).read_bytes())
        except (OSError, FormatError):
            return None

    def _read(self, trial: Trial) -> Prepared | None:
        """What was kept, where all of it still is as it was found."""
        prepared = self._kept(trial)
        return prepared if prepared is not None and _is_whole(prepared, self.cache) else None


def _is_whole(prepared: Prepared, cache: Path) -> bool:
    states = prepared.states or (None,) * len(prepared.files)
    return all(
        _state(file) == state if state is not None else _may_be_gone(file, cache) or _state(file) is not None
        for file, state in zip(prepared.files, states, strict=False)
    )


def _may_be_gone(file: str, cache: Path) -> bool:
    """What the work wrote for itself may be gone, what lies in the cache may not."""
    return not Path(file).is_relative_to(cache)


def _state(file: str) -> FileState | None:
    """None for what is not there, or cannot be seen from here."""
    try:
        found = os.stat(file)  # noqa: PTH116 - thousands of them
    except (OSError, ValueError):
        return None
    return FileState(found.st_size, found.st_mtime_ns)


def _source(workload: WorkloadRef) -> str:
    """Hash of the code that makes the workload; of a model of the user's own, which may be large, as it was planned."""
    suite, own = Path(workload.path), workload.own
    if own is not None and own.kind != "workload":
        return f"{own.sha256} {own.source} " + " ".join(f"{given.name}={given.spelt}" for given in own.inputs)
    files = sorted(suite.parent.glob("*.py")) if suite.name == "suite.py" else [suite]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()
