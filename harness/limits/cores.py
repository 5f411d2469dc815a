"""Which CPUs a trial may use, and what that says of the cores and threads that were asked for."""

from __future__ import annotations

from collections.abc import Iterable

from harness.host import cpu
from harness.host.calls import can_bind
from harness.host.files import HERE, Files
from harness.model.case import Limits
from harness.model.record import Enforced

_POOLS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def choose(cores: int | None) -> tuple[int, ...] | None:
    """CPUs for that many cores, the fastest first and one hardware thread of each; None where cores are not limited.

    Fewer where this process may use fewer. None, too, where a process cannot choose its CPUs here.
    """
    if cores is None or not can_bind():
        return None
    return tuple(sorted(fastest_first(cpu.usable())[:cores]))


def fastest_first(cpus: Iterable[int], files: Files = HERE) -> list[int]:
    """The CPUs in the order in which they are given out: a core's second hardware thread comes after all cores."""
    speed = {number: place for place, kind in enumerate(cpu.kinds(cpus, files)) for number in kind.cpus}
    return sorted(speed, key=lambda number: (_rank(number, files), speed[number], number))


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
        return (Enforced("cores", asked, None, "none", note="a process cannot choose its CPUs here"),)
    note = f"asked {asked} cores, this machine gives {len(affinity)}" if len(affinity) < asked else ""
    return (Enforced("cores", asked, len(affinity), "affinity", note=note),)


def _threads(asked: int | None, affinity: tuple[int, ...] | None) -> tuple[Enforced, ...]:
    if asked is None:
        return ()
    given = _given_threads(asked, affinity)
    note = "size of the libraries' thread pools, told them in the environment; helper threads are not counted"
    if given < asked:
        note = f"asked {asked} threads, given one a core that may be used; {note}"
    return (Enforced("threads", asked, given, "environment", approximate=True, note=note),)


def _given_threads(asked: int, affinity: tuple[int, ...] | None) -> int:
    """No more threads than cores, or than a quota allows: pools that spin stall each other for milliseconds."""
    return min(asked, cpu.threads(), len(affinity or cpu.usable()))


def _rank(number: int, files: Files) -> int:
    """0 for the first hardware thread of a core, 1 for its second; 0 where the kernel does not tell."""
    siblings = cpu.cpu_list(files.text(f"sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list") or "")
    return siblings.index(number) if number in siblings else 0
