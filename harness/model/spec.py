"""What a parent hands its child, and what it learns once the child is gone."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from harness.model.case import Trial
from harness.model.measure import Finding
from harness.model.record import Enforced, Usage

MPS_PERCENTAGE = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"
"""Environment variable by which CUDA's multi-process service is told what share of a GPU a process may use."""


CACHE_FAILED = "cache-failed"
"""Code of a child's finding that the cache could not be written: its message says why, its hint is the path."""


class TreeWatch(Struct, frozen=True):
    """The kernel's accounts of the trial's own group, as paths that the child reads."""

    peak: str | None
    """None where the kernel keeps no high-water mark."""
    current: str
    reset: Literal["write", "descriptor"] | None
    """By writing ``0`` to the mark: for all its readers, or for the descriptor that is written through; None: not."""
    stat: str = ""
    """The group's ``memory.stat``, with the keys of its anonymous pages and those of files; empty where unknown."""
    anonymous_key: str = ""
    file_key: str = ""


class ChildSpec(Struct, frozen=True):
    """One trial as the worker receives it."""

    trial: Trial
    cache: str
    artefacts: str
    """Directory of what the runtime converted."""
    tree: TreeWatch | None = None
    prepared_file: str = ""
    """Where a ``prepare`` trial writes what it read and mapped."""


class FileState(Struct, frozen=True, array_like=True):
    """What changes when a file does."""

    bytes: int
    modified_ns: int


class Prepared(Struct, frozen=True):
    """What a work needs from disk, as its ``prepare`` trial found it."""

    format: int
    files: tuple[str, ...]
    states: tuple[FileState | None, ...] = ()
    """Of each file as it was found; None for one that may well be another the next time."""
    found_by: Literal["seccomp", "audit", ""] = ""
    """How what it opens was seen: by the kernel, or by Python's own account, which knows nothing of native code and
    other processes. Empty where nothing was traced."""
    left_out_bytes: int = 0
    """Of files that it opens, too, but that are more than may be read before each trial."""


class Ending(Struct, frozen=True):
    """How a child ended, seen from outside. ``signal`` and ``exit_code`` exclude each other."""

    exit_code: int | None
    signal: int | None
    wall_seconds: float
    enforced: tuple[Enforced, ...] = ()
    usage: Usage = Usage()
    timed_out_after: float | None = None
    """Seconds it was given, where it was stopped because they were over."""
    stalled_faults: int | None = None
    """Major faults of the group where it read its pages again and again: to the end of its time, or to its own end
    once a step was complete; None where it did not.
    """
    cancelled: bool = False
    launch_error: str | None = None
    means: str = ""
    output_tail: str = ""
    findings: tuple[Finding, ...] = ()
    imported_after: float | None = None
    """Seconds until the work's libraries were there; None where it did not come so far."""
    stranger: int | None = None
    """Another process, a fork of the trial's own, that spoke as if it were the trial; None where none did."""
    short_of: str = ""
    """Where the kernel killed for memory that lacked around the trial's own limit: what there is, in words."""
