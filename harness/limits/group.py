"""What every means of enforcement gives: a Group to start one trial in, read it, kill it and close it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from harness.limits.processes import kill_session
from harness.model.case import Limits
from harness.model.record import Enforced, Usage


@dataclass(frozen=True)
class Join:
    """What a launcher needs to start a trial in the group: the stub's keys (see harness/launch.py), and a prefix.

    The command to start is ``[*prefix, *launch.command(fd)]``, with ``start_new_session=True``; its pid stays
    that of the trial. ``environment`` is to be merged into the trial's.
    """

    prefix: tuple[str, ...] = ()
    procs: tuple[str, ...] = ()
    rlimits: tuple[tuple[str, int, int], ...] = ()
    affinity: tuple[int, ...] | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Watch:
    """Files from which the trial itself reads its group's memory; all figures are bytes.

    ``peak`` is the high-water mark, None where the kernel keeps none (v2 before 5.19). ``reset`` says how to reset it:
    ``write``: write ``0`` to it; ``descriptor``: open it read-write, write ``0``, and read through that same descriptor
    (seek to 0 first), other readers are not affected; None: it cannot be, and the mark is for the whole trial.
    ``anonymous_key`` and ``file_key`` name lines of the ``stat`` file.
    """

    peak: str | None
    current: str
    stat: str
    reset: Literal["write", "descriptor"] | None
    anonymous_key: str
    file_key: str


class Means(Protocol):
    """What a module of this room offers."""

    ID: str

    def unusable(self) -> str | None:
        """Why it cannot be used here, tried for real; None where it can."""

    def open_group(self, limits: Limits, label: str) -> Group:
        """A group with these limits. Raises OSError."""

    def sweep(self) -> list[str]:
        """Remove what dead harness processes left, and say what was removed."""


class Group:
    """A place to run one trial in. This base has no kernel group: it knows the trial by its session alone."""

    def __init__(self, means: str, join: Join, enforced: tuple[Enforced, ...], watch: Watch | None = None) -> None:
        self.means, self.join, self.watch = means, join, watch
        self._enforced = enforced
        self._leader: int | None = None

    def adopt(self, pid: int) -> None:
        """Tell the group the pid that was started in it, right after starting it: ``kill`` also kills its session."""
        self._leader = pid

    def enforced(self) -> tuple[Enforced, ...]:
        """What was asked and what the kernel says it gives, read back when the group was opened."""
        return self._enforced

    def usage(self) -> Usage:
        """What the kernel says of the group; to be read after the trial ended and before ``close``."""
        return Usage()

    def oom_kills(self) -> int | None:
        """Processes of the group that the kernel killed for want of memory, None where it cannot be told."""
        return None

    def major_faults(self) -> int | None:
        """Page faults of the group that read from disk, so far; None where it cannot be told."""
        return None

    def refaults(self) -> int | None:
        """Pages that were read again after the group had to let go of them, so far; None where it cannot be told."""
        return None

    def kill(self) -> None:
        """Kill every process of the group and wait until they are gone.

        Without a kernel group, one that left the trial's session escapes.
        """
        if self._leader is not None:
            kill_session(self._leader)

    def close(self) -> None:
        """Kill what is left and remove the group. Closing twice is fine."""
        self.kill()

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
