"""The programs of known peak: what each adds to its stage's baseline, and what a record claims of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.meters.memory import NO_RESET
from harness.model.measure import PROCESS_BASELINE, PROCESS_PEAK, TREE_BASELINE, TREE_PEAK, Metric, Stage
from harness.model.record import Record, Run

MIB = 1 << 20
KERNEL_GROUPS = {"cgroup2", "systemd-scope", "cgroup1"}
"""The means by which a trial's tree has an account of its own."""
Scope = Literal["process", "tree"]
Role = Literal["need", "ceiling"]
METRICS: dict[Scope, tuple[Metric, Metric]] = {
    "process": (PROCESS_PEAK, PROCESS_BASELINE),
    "tree": (TREE_PEAK, TREE_BASELINE),
}


@dataclass(frozen=True)
class Truth:
    """What a program adds to its stage's baseline, in bytes. The tree's is None where it is told by the program."""

    program: str
    stage: Stage
    process: int
    tree: int | None
    tree_when_dropped: int | None = None
    """In a ceiling trial, which pays for the pages that the program reads from disk; None: as ``tree``."""
    alone: bool = True
    """Whether it starts no other process."""


BY_EVERY_MEANS = (
    Truth("held-and-burst", "load", 100 * MIB, 100 * MIB),
    Truth("held-and-burst", "timed", 512 * MIB, 512 * MIB),
    Truth("short-burst", "timed", 512 * MIB, 512 * MIB),
    Truth("after-freed", "load", 1024 * MIB, 1024 * MIB),
    Truth("after-freed", "timed", 64 * MIB, 64 * MIB),
    Truth("mapped-file", "load", 128 * MIB, 0, tree_when_dropped=128 * MIB),
    Truth("mapped-file", "timed", 0, 0),
    Truth("child-process", "timed", 0, None, alone=False),
    Truth("numpy-array", "timed", 128 * MIB, 128 * MIB),
    Truth("torch-tensor", "timed", 128 * MIB, 128 * MIB),
)
"""The suite ``truth``."""

BY_THE_BEST_MEANS = (
    Truth("burst[ms=2]", "load", 16 * MIB, 16 * MIB),
    Truth("burst[ms=20]", "load", 16 * MIB, 16 * MIB),
    Truth("burst[ms=200]", "load", 16 * MIB, 16 * MIB),
    Truth("burst[ms=1000]", "load", 16 * MIB, 16 * MIB),
    Truth("threads", "timed", 128 * MIB, 128 * MIB),
    Truth("children-at-once", "timed", 0, None, alone=False),
    Truth("fork-after-allocate", "load", 128 * MIB, 128 * MIB),
    Truth("fork-after-allocate", "timed", 0, None, alone=False),
    Truth("orphan", "timed", 0, None, alone=False),
    Truth("shared-memory", "timed", 64 * MIB, None, alone=False),
    Truth("arenas", "load", 128 * MIB, 128 * MIB),
    Truth("freed-and-kept", "load", 128 * MIB, 128 * MIB),
    Truth("freed-and-kept", "timed", 0, 0),
    Truth("reserved", "timed", 96 * MIB, 96 * MIB),
    Truth("huge-pages", "timed", 128 * MIB, 128 * MIB),
)
"""The suites ``bursts``, ``processes`` and ``allocator``, which would say no more by a second means."""

MORE_SUITES = (*(f"bursts/burst[ms={ms}]" for ms in (2, 20, 200, 1000)), "processes", "allocator")


def allowed(true: float) -> float:
    """How far a claim may be off, in bytes: 1 % or 2 MiB, whichever is larger."""
    return max(0.01 * true, 2 * MIB)


@dataclass(frozen=True)
class Measured:
    """A run of programs by one means, and what they told of themselves in bytes."""

    means: str
    run: Run
    told: dict[str, int]

    def record(self, program: str, role: Role) -> Record:
        """The one record of a program in a role. Raises ValueError where there is not exactly one."""
        [found] = [r for r in self.run.records if (name_of(r), r.trial.role) == (program, role)]
        return found

    def tree(self, truth: Truth, role: Role) -> int:
        """What the tree really had."""
        if role == "ceiling" and truth.tree_when_dropped is not None:
            return truth.tree_when_dropped
        return self.told[truth.program] if truth.tree is None else truth.tree

    def has_trees(self, record: Record) -> bool:
        """Whether the tree has a peak of its own in each stage."""
        return self.means in KERNEL_GROUPS and NO_RESET not in [m.missing for m in record.measurements]


def name_of(record: Record) -> str:
    """The program's name with its parameters, e.g. ``burst[ms=2]``."""
    return record.trial.case.workload.id.partition("/")[2]


def claimed(record: Record, stage: Stage, scope: Scope) -> float | str:
    """Peak less baseline of a stage in bytes, or the reason why there is none."""
    top, bottom = (record.find(metric.id, stage) for metric in METRICS[scope])
    if top is None or bottom is None:
        return f"the record has no such stage: {record.outcome}"
    if not (top.values and bottom.values):
        return str(top.missing or bottom.missing)
    return f"only a bound: {top.bound}" if top.bound else top.values[0] - bottom.values[0]
