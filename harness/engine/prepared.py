"""What has been prepared: which works have their caches filled, and which files each reads from disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from harness.model import codec
from harness.model.case import Limits, Trial, WorkloadRef
from harness.model.machine import Capabilities
from harness.model.spec import Prepared
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
    """A trial that knows where its artefacts are, and the files its work reads."""

    trial: Trial
    files: tuple[str, ...]


@dataclass
class Preparation:
    """Keeps a file for each work below ``cache/prepared``; ``versions`` are those that make an old one worthless."""

    cache: Path
    versions: dict[str, str | None]

    def missing(self, trials: Iterable[Trial]) -> list[Trial]:
        """A ``prepare`` trial for each work that has none yet, in the order of the trials."""
        works = {trial.case.work_id: trial for trial in trials}
        return [self._prepare(trial) for trial in works.values() if self._read(trial) is None]

    def known(self, trial: Trial) -> Known:
        """``trial`` with what its preparation left behind."""
        prepared = self._read(trial)
        settings = {**trial.settings, "work_key": self.key(trial)}
        files = prepared.files if prepared else ()
        return Known(replace(trial, settings=settings), tuple(file for file in files if Path(file).exists()))

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

    def _read(self, trial: Trial) -> Prepared | None:
        try:
            prepared = codec.decode(self._file(trial).read_bytes(), Prepared)
        except (OSError, codec.FormatError):
            return None
        return prepared if _all_there(prepared.files, self.cache) else None


def _all_there(files: Sequence[str], cache: Path) -> bool:
    return all(Path(file).exists() for file in files if Path(file).is_relative_to(cache))


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
