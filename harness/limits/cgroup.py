"""What cgroup v1 and v2 share: a directory with limits, counters and processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.host.memory import page_bytes
from harness.limits import cores, owner
from harness.limits.files import UNLIMITED, meminfo, read_bytes, read_key, write
from harness.limits.group import Group, Join, Watch
from harness.limits.oom_events import OomEvents
from harness.limits.removal import empty, remove
from harness.model.case import Limits
from harness.model.record import Enforced, Usage


@dataclass(frozen=True)
class Layout:
    """What one version calls its files and lines, and how it limits memory and resets the peak."""

    peak: str
    current: str
    limit: str
    events: str
    """The file with the line ``oom_kill``."""
    faults_key: str
    anonymous_key: str
    file_key: str
    reset: Callable[[Path], Literal["write", "descriptor"] | None]
    at_limit: Callable[[Path], int | None]
    """How often the group's own limit stood in the way of an allocation; None where it cannot be told."""
    restrict: Callable[[Path, Limits, int, str], tuple[Enforced, ...]]
    """Limits memory (bytes, the third) and swap of the group; the fourth names the means."""


class CgroupGroup(Group):
    """A group of the trial's own in the kernel: limits, peak of the whole tree, OOM kills."""

    def __init__(self, means: str, path: Path, layout: Layout, join: Join, enforced: tuple[Enforced, ...]) -> None:
        super().__init__(means, join, enforced, watch_of(path, layout))
        self.path, self._layout = path, layout
        self._oom_events = oom_events(path, layout)

    def usage(self) -> Usage:
        """Peak bytes of the tree, OOM kills and at whose limit, major faults and, on v2, its processor seconds."""
        return Usage(
            peak_bytes=read_bytes(self.path / self._layout.peak),
            oom_kills=self.oom_kills(),
            major_faults=self.major_faults(),
            user_seconds=_seconds(self.path, "user_usec"),
            system_seconds=_seconds(self.path, "system_usec"),
            at_limit=self._layout.at_limit(self.path),
        )

    def oom_kills(self) -> int | None:
        """Processes of the group that the kernel killed for want of memory."""
        kills = read_key(self.path / self._layout.events, "oom_kill")
        return self._oom_events.count() if kills is None and self._oom_events is not None else kills

    def major_faults(self) -> int | None:
        """Page faults of the group that read from disk, so far."""
        return read_key(self.path / "memory.stat", self._layout.faults_key)

    def refaults(self) -> int | None:
        """Pages of files that were read again after the group had to let go of them, so far."""
        keys = ("workingset_refault_file", "workingset_refault")  # the second before Linux 5.9
        return next((n for key in keys if (n := read_key(self.path / "memory.stat", key)) is not None), None)

    def kill(self) -> None:
        """Kill every process of the group, and of the session started in it, and wait until they are gone."""
        empty(self.path)
        super().kill()

    def close(self) -> None:
        """Kill what is left and remove the directory; what cannot be removed is left to a later sweep."""
        if self._oom_events is not None:
            self._oom_events.close()
        if self.path.is_dir():
            self.kill()
            remove(self.path)


def build(base: Path, layout: Layout, means: str, limits: Limits, label: str) -> CgroupGroup:
    """A new group below ``base``, limited and read back. Raises OSError."""
    path = _make(base, label)
    affinity = cores.choose(limits.cores)
    memory = () if limits.memory_bytes is None else layout.restrict(path, limits, limits.memory_bytes, means)
    join = Join(
        procs=(str(path / "cgroup.procs"),),
        affinity=affinity,
        environment=cores.thread_environment(limits.threads, affinity),
    )
    return CgroupGroup(means, path, layout, join, (*memory, *cores.enforced(limits, affinity)))


def attempt(base: Path, layout: Layout) -> str | None:
    """Make and remove a group below ``base``; why that fails or what it lacks, None where it can be used."""
    try:
        path = _make(base, "attempt")
    except OSError as error:
        return f"cannot make a group in {base}: {error.strerror}"
    lacks = [name for name in (layout.limit, layout.events) if not (path / name).exists()]
    remove(path)
    return f"a group made in {base} has no {lacks[0]}" if lacks else None


def oom_events(path: Path, layout: Layout) -> OomEvents | None:
    """What counts the group's kills where the kernel keeps no count of them; None where it does, or neither can."""
    if read_key(path / layout.events, "oom_kill") is not None:
        return None
    try:
        return OomEvents(path)
    except (OSError, AttributeError):
        return None


def watch_of(path: Path, layout: Layout) -> Watch:
    """The files of a group from which a trial reads its memory."""
    peak = path / layout.peak
    return Watch(
        peak=str(peak) if peak.exists() else None,
        current=str(path / layout.current),
        stat=str(path / "memory.stat"),
        reset=layout.reset(peak),
        anonymous_key=layout.anonymous_key,
        file_key=layout.file_key,
    )


def limit_memory(file: Path, asked: int, means: str, above: int | None) -> Enforced:
    """Write the limit and read it back; ``above`` is what the groups above allow in bytes, None where unknown."""
    failure = write(file, str(asked))
    given = read_bytes(file)
    if failure or given is None or given >= UNLIMITED:
        return Enforced("memory", asked, None, means, note=failure or f"{file.name} cannot be read back")
    if abs(given - asked) > page_bytes():
        return Enforced("memory", asked, given, means, note=f"the kernel set {given} bytes")
    least, why = min((given, ""), *_ceilings(above), key=lambda pair: pair[0])
    return Enforced("memory", asked, least, means, note=why)


def limit_swap(asked: int, means: str, file: Path, text: str, read_back: Callable[[], int | None]) -> Enforced:
    """Write a limit on swap and read it back in bytes of swap; a machine with no more than was asked needs none."""
    machine = meminfo("SwapTotal")
    if machine is not None and machine <= asked:
        note = f"this machine has {machine} bytes of swap" if machine < asked else ""
        return Enforced("swap", asked, machine, means, note=note)
    failure = write(file, text)
    given = read_back()
    if failure or given is None or given >= UNLIMITED:
        return Enforced("swap", asked, None, means, note=failure or f"{file.name} cannot be read back")
    note = "" if abs(given - asked) <= page_bytes() else f"the kernel set {given}"
    return Enforced("swap", asked, given, means, note=note)


def _make(base: Path, label: str) -> Path:
    path = base / owner.new_name(label)
    path.mkdir()
    return path


def _ceilings(above: int | None) -> list[tuple[int, str]]:
    machine = meminfo("MemTotal")
    found = [] if machine is None else [(machine, f"this machine has {machine} bytes")]
    return found if above is None else [*found, (above, f"a group above allows {above} bytes")]


def _seconds(path: Path, key: str) -> float | None:
    micros = read_key(path / "cpu.stat", key)
    return None if micros is None else micros / 1e6
