"""Host memory by the kernel's own high-water marks, a stage at a time: never by polling.

VmHWM is reset by writing ``5`` to ``/proc/self/clear_refs``; the trial's group has a mark for the whole tree.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Self

from harness.model.measure import (
    ANONYMOUS,
    FILE_BACKED,
    MAJOR_FAULTS,
    PROCESS_BASELINE,
    PROCESS_PEAK,
    TREE_BASELINE,
    TREE_PEAK,
    Measurement,
    Metric,
    Stage,
)
from harness.model.memory import PSS, TREE_ANONYMOUS, TREE_FILE, USS
from harness.model.spec import TreeWatch

NO_GROUP = "the trial had no group of its own, so nothing is charged to it"
NO_GROUP_BUT_CHILDREN = "the trial had no group of its own and started other processes: nothing bounds its tree's peak"
NO_ROLLUP = "the kernel gives no smaps_rollup (it came with Linux 4.14), or not of every process of the trial"
NO_RESET = "this kernel cannot reset the group's high-water mark: only the peak of the whole trial is known"


def status_bytes(text: str, field: str) -> int | None:
    """A field of ``/proc/PID/status`` in bytes, None where the kernel does not give it."""
    for line in text.splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None


def major_faults() -> int:
    """Page faults of this process that read from disk, so far."""
    return int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[9])


class ProcessMemory:
    """The main process: resident before a stage, its peak within, its split at the end."""

    def __init__(self) -> None:
        self._baseline: int | None = None
        self._faults = 0
        self._resettable = True

    def begin(self) -> None:
        """Note what is resident and reset the high-water mark."""
        self._faults = major_faults()
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            self._resettable = False
        self._baseline = status_bytes(_status(), "VmRSS")

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """The stage's measurements, read before anything else can allocate."""
        text = _status()
        faults = major_faults() - self._faults
        peak = status_bytes(text, "VmHWM") if self._resettable else None
        return (
            _one(PROCESS_PEAK, stage, peak, "the kernel cannot reset VmHWM (clear_refs is not writable)"),
            _one(PROCESS_BASELINE, stage, self._baseline, "no VmRSS in /proc/self/status"),
            _one(ANONYMOUS, stage, status_bytes(text, "RssAnon"), "no RssAnon in /proc/self/status"),
            _one(FILE_BACKED, stage, status_bytes(text, "RssFile"), "no RssFile in /proc/self/status"),
            _one(MAJOR_FAULTS, stage, faults, ""),
        )


class TreeMemory:
    """The trial's own group: everything its processes were charged for, children included."""

    def __init__(self, watch: TreeWatch | None) -> None:
        self._watch = watch
        self._baseline: int | None = None
        self._descriptor = self._open(watch)

    @staticmethod
    def _open(watch: TreeWatch | None) -> int | None:
        if watch is None or watch.peak is None:
            return None
        try:
            return os.open(watch.peak, os.O_RDWR if watch.reset else os.O_RDONLY)
        except OSError:
            return None

    def begin(self) -> None:
        """Note what is charged and reset the high-water mark where the kernel can."""
        if self._watch is None or self._descriptor is None:
            return
        if self._watch.reset:
            os.pwrite(self._descriptor, b"0\n", 0)
        self._baseline = int(Path(self._watch.current).read_text())

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """The stage's peak and what it started from; missing with the reason where the kernel does not say."""
        if self._watch is None or self._descriptor is None:
            return (_bound(stage), _one(TREE_BASELINE, stage, None, NO_GROUP))
        peak = int(os.pread(self._descriptor, 64, 0))
        return (
            _one(TREE_PEAK, stage, peak if self._watch.reset else None, NO_RESET),
            _one(TREE_BASELINE, stage, self._baseline, NO_GROUP),
        )

    def close(self) -> None:
        """Close the descriptor; the marks stay."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Residency:
    """What is resident at a stage's end: shared pages in parts, private ones, and the group's by kind.

    The kernel walks every page for it (17 ms at 1 GiB), so it has no place where times are taken.
    """

    def __init__(self, watch: TreeWatch | None) -> None:
        self._watch = watch

    def begin(self) -> None:
        """Nothing to reset: these are states, not peaks."""

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """The state now, missing with the reason where the kernel does not say."""
        pss, uss = _resident()
        anonymous, files = self._charged()
        return (
            _one(PSS, stage, pss, NO_ROLLUP),
            _one(USS, stage, uss, NO_ROLLUP),
            _one(TREE_ANONYMOUS, stage, anonymous, NO_GROUP),
            _one(TREE_FILE, stage, files, NO_GROUP),
        )

    def _charged(self) -> tuple[int | None, int | None]:
        if self._watch is None or not self._watch.stat:
            return None, None
        lines = Path(self._watch.stat).read_text().splitlines()
        found = {key: int(value) for key, _, value in (line.partition(" ") for line in lines)}
        return found.get(self._watch.anonymous_key), found.get(self._watch.file_key)


def _resident() -> tuple[int | None, int | None]:
    """PSS and USS in bytes over this process and its descendants; None where one of them cannot be read."""
    pss = uss = 0
    for pid in descendants(os.getpid()):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            if pid == os.getpid():
                return None, None
            continue  # it has ended since
        except PermissionError:
            return None, None
        pss += status_bytes(text, "Pss") or 0
        uss += sum(status_bytes(text, field) or 0 for field in ("Private_Clean", "Private_Dirty", "Private_Hugetlb"))
    return pss, uss


def descendants(pid: int) -> list[int]:
    """The process and all that it and its children have started, themselves still children of one of them."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue  # it has ended since
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def _status() -> str:
    return Path("/proc/self/status").read_text()


def started_others() -> bool:
    """Whether this process has, or had and waited for, children."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0
    return True


def _bound(stage: Stage) -> Measurement:
    """Without a group: of a process alone, its own peak (shared and file pages counted in full) is an upper bound."""
    peak = None if started_others() else status_bytes(_status(), "VmHWM")
    if peak is None:
        return _one(TREE_PEAK, stage, None, NO_GROUP_BUT_CHILDREN)
    return Measurement(TREE_PEAK, stage, "measured", values=(float(peak),), bound="upper")


def _one(metric: Metric, stage: Stage, value: int | None, missing: str) -> Measurement:
    if value is None:
        return Measurement(metric, stage, "measured", missing=missing)
    return Measurement(metric, stage, "measured", values=(float(value),))
