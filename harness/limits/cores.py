"""Which CPUs a trial may use, and what that says of the cores and threads that were asked for."""

from __future__ import annotations

import os

from harness.host.cpu import cpu_list
from harness.host.files import HERE
from harness.model.case import Limits
from harness.model.record import Enforced

_POOLS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def choose(cores: int | None) -> tuple[int, ...] | None:
    """CPUs for that many cores, one hardware thread of each core first; None where cores are not limited.

    Fewer where this process may use fewer.
    """
    if cores is None or not hasattr(os, "sched_getaffinity"):
        return None
    usable = sorted(os.sched_getaffinity(0), key=lambda cpu: (_rank(cpu), cpu))
    return tuple(sorted(usable[:cores]))


def thread_environment(threads: int | None, affinity: tuple[int, ...] | None) -> dict[str, str]:
    """Variables that tell the usual thread pools how many threads to start; empty where not limited."""
    return {} if threads is None else dict.fromkeys(_POOLS, str(_given_threads(threads, affinity)))


def enforced(limits: Limits, affinity: tuple[int, ...] | None) -> tuple[Enforced, ...]:
    """What became of the cores and threads asked for. The stub reads the mask back and starts nothing if it differs."""
    return (*_cores(limits.cores, affinity), *_threads(limits.threads, affinity))


def _cores(asked: int | None, affinity: tuple[int, ...] | None) -> tuple[Enforced, ...]:
    if asked is None:
        return ()
    if affinity is None:
        return (Enforced("cores", asked, None, "none", note="this system has no CPU affinity"),)
    note = f"asked {asked} cores, this machine gives {len(affinity)}" if len(affinity) < asked else ""
    return (Enforced("cores", asked, len(affinity), "affinity", note=note),)


def _threads(asked: int | None, affinity: tuple[int, ...] | None) -> tuple[Enforced, ...]:
    if asked is None:
        return ()
    given = _given_threads(asked, affinity)
    note = "size of the libraries' thread pools, told them in the environment; helper threads are not counted"
    if given < asked:
        note = f"asked {asked} threads, given one a core; {note}"
    return (Enforced("threads", asked, given, "environment", approximate=True, note=note),)


def _given_threads(asked: int, affinity: tuple[int, ...] | None) -> int:
    """No more threads than cores: pools that spin stall each other for milliseconds."""
    return asked if affinity is None else min(asked, len(affinity))


def _rank(cpu: int) -> int:
    """0 for the first hardware thread of a core, 1 for its second; 0 where the kernel does not tell."""
    siblings = cpu_list(HERE.text(f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") or "")
    return siblings.index(cpu) if cpu in siblings else 0
