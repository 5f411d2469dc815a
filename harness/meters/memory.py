"""Host memory by the kernel's own high-water marks, a stage at a time: never by polling.

VmHWM is reset by writing ``5`` to ``/proc/self/clear_refs``; the trial's group has a mark for the whole tree.
"""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import Self

from harness.host.files import HERE
from harness.host.processes import descendants, has_ended, own_bytes, status_bytes
from harness.model.measure import (
    ANONYMOUS,
    FILE_BACKED,
    MAJOR_FAULTS,
    PROCESS_BASELINE,
    PROCESS_PEAK,
    READ_FROM_DISK,
    TREE_BASELINE,
    TREE_PEAK,
    Measurement,
    Metric,
    Stage,
)
from harness.model.memory import NO_GROUP_BUT_CHILDREN, PSS, TREE_ANONYMOUS, TREE_FILE, USS
from harness.model.spec import TreeWatch

NO_GROUP = "the trial had no group of its own, so nothing is charged to it"
NO_ROLLUP = "the kernel gives no smaps_rollup (it came with Linux 4.14), or not of every process of the trial"
UNREADABLE = "the files of the trial's group could not be read"
NO_RESET = "this kernel cannot reset the group's high-water mark: only the peak of the whole trial is known"


def major_faults() -> int:
    """Page faults of this process that read from disk, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_majflt


def read_from_disk() -> int | None:
    """Bytes that this process has had fetched from disk so far, None where the kernel does not count them."""
    text = HERE.text("proc/self/io") or ""
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("read_bytes:")), None)


class ProcessMemory:
    """The main process: resident before a stage, its peak within, its split at the end, what it read from disk."""

    def __init__(self) -> None:
        self._read: int | None = None
        self._baseline: int | None = None
        self._faults = 0
        self._resettable = True

    def begin(self) -> None:
        """Note what is resident and reset the high-water mark."""
        self._faults, self._read = major_faults(), read_from_disk()
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            self._resettable = False
        self._baseline = own_bytes("VmRSS")

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """The stage's measurements, read before anything else can allocate."""
        text = HERE.text("proc/self/status") or ""
        faults, read = major_faults() - self._faults, read_from_disk()
        fetched = read - self._read if read is not None and self._read is not None else None
        peak = status_bytes(text, "VmHWM") if self._resettable else None
        return (
            _one(PROCESS_PEAK, stage, peak, "the kernel cannot reset VmHWM (clear_refs is not writable)"),
            _one(PROCESS_BASELINE, stage, self._baseline, "no VmRSS in /proc/self/status"),
            _one(ANONYMOUS, stage, status_bytes(text, "RssAnon"), "no RssAnon in /proc/self/status"),
            _one(FILE_BACKED, stage, status_bytes(text, "RssFile"), "no RssFile in /proc/self/status"),
            _one(MAJOR_FAULTS, stage, faults, ""),
            _one(READ_FROM_DISK, stage, fetched, "the kernel does not count what a process reads from disk"),
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
            with suppress(OSError):
                os.pwrite(self._descriptor, b"0\n", 0)
        self._baseline = HERE.number(self._watch.current)

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """The stage's peak and what it started from; missing with the reason where the kernel does not say."""
        if self._watch is None or self._descriptor is None:
            return (_bound(stage), _one(TREE_BASELINE, stage, None, NO_GROUP))
        peak = self._peak(self._descriptor)
        return (
            _one(TREE_PEAK, stage, peak if self._watch.reset else None, UNREADABLE if self._watch.reset else NO_RESET),
            _one(TREE_BASELINE, stage, self._baseline, UNREADABLE),
        )

    @staticmethod
    def _peak(descriptor: int) -> int | None:
        try:
            return int(os.pread(descriptor, 64, 0))
        except (OSError, ValueError):
            return None

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
        found = HERE.counts(self._watch.stat)
        return found.get(self._watch.anonymous_key), found.get(self._watch.file_key)


def _resident() -> tuple[int | None, int | None]:
    """PSS and USS in bytes over this process and its descendants; None where one of them cannot be read."""
    pss = uss = 0
    for pid in descendants(os.getpid()):
        text = HERE.text(f"proc/{pid}/smaps_rollup")
        if not text:
            if pid != os.getpid() and has_ended(pid):
                continue
            return None, None
        pss += status_bytes(text, "Pss") or 0
        uss += sum(status_bytes(text, field) or 0 for field in ("Private_Clean", "Private_Dirty", "Private_Hugetlb"))
    return pss, uss


def started_others() -> bool:
    """Whether this process has, or had and waited for, children."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except OSError:  # none, or none that may be asked about
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0
    return True


def _bound(stage: Stage) -> Measurement:
    """Without a group: of a process alone, its own peak (shared and file pages counted in full) is an upper bound."""
    peak = None if started_others() else own_bytes("VmHWM")
    if peak is None:
        return _one(TREE_PEAK, stage, None, NO_GROUP_BUT_CHILDREN)
    return Measurement(TREE_PEAK, stage, "measured", values=(float(peak),), bound="upper")


def _one(metric: Metric, stage: Stage, value: int | None, missing: str) -> Measurement:
    if value is None:
        return Measurement(metric, stage, "measured", missing=missing)
    return Measurement(metric, stage, "measured", values=(float(value),))
