"""The stub between parent and trial: sets the scene in a process of its own, then becomes the trial by exec.

Start ``command(FD)`` with ``start_new_session=True`` (it must lead its own session). It imports nothing of the harness,
so that it costs a bare interpreter. ``FD`` is a descriptor to read one JSON object from, up to its end; the stub then
closes it. Keys, all optional but ``argv``:

``argv``       list: what to become. ``argv[0]`` is looked up on ``env``'s PATH where it has no slash.
``env``        the whole environment; None keeps the stub's own.
``warm``       files to read through, so that their pages are cached and charged to the harness, not to the trial.
``drop``       files whose cached pages are let go, so that the trial pays for them.
``affinity``   CPU numbers, read back; None leaves the mask as it is.
``procs``      ``cgroup.procs`` files to enter, read back.
``rlimits``    list of [name, soft, hard], e.g. ["RLIMIT_DATA", 268435456, 268435456], read back.
``parent``     pid: be killed when it dies; the stub leaves at once where it is already gone. The kernel watches the
               *thread* that started the stub, so that thread must live as long as the trial.
``status_fd``  a descriptor that stays open across exec. On any error the stub writes one line
               ``{"stub_error": "..."}`` there and exits 127; on success it writes nothing.

Order: page cache, environment and affinity, group, resource limits, exec.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without what importing typing costs
if TYPE_CHECKING:
    from typing import Any

FAILED = 127
_CHUNK = 1 << 20
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_CACHESTAT = 451
"""The system call's number, the same on all of Linux's architectures but Alpha."""


def command(descriptor: int) -> list[str]:
    """What to start: this module in an interpreter without packages, imported so that its compiled form is used."""
    folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib doubles the stub's start
    code = f"import sys; sys.path.append({folder!r}); from launch import main; main(sys.argv[1:])"
    return [sys.executable, "-P", "-S", "-E", "-c", code, str(descriptor)]


def read_order(descriptor: int) -> dict[str, Any]:
    """The JSON object behind ``descriptor``, which is closed. Raises ValueError."""
    with os.fdopen(descriptor, "rb") as pipe:
        order = json.load(pipe)
    if not isinstance(order, dict):
        raise ValueError("the order is not a JSON object")
    return order


def die_with(parent: int) -> None:
    """Be killed when ``parent`` dies. Raises ProcessLookupError where it is already gone."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise ProcessLookupError(f"the parent {parent} is gone")


def warm(path: str) -> None:
    """Read the file through, so that its pages are cached and charged to the group this process is in.

    One that is cached whole is left alone: copying a torch library costs 60 ms, asking the kernel 2 ms.
    """
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib doubles the stub's start
        if is_cached(file.fileno()):
            return
        buffer = bytearray(_CHUNK)
        while file.readinto(buffer):
            pass


def is_cached(descriptor: int) -> bool:
    """Whether all of the file's pages are cached; False too where the kernel does not say (before Linux 6.5)."""
    import ctypes

    whole, said = (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)()
    if ctypes.CDLL(None).syscall(_CACHESTAT, descriptor, whole, said, 0) != 0:
        return False
    page = os.sysconf("SC_PAGE_SIZE")
    return bool(said[0] == -(-os.fstat(descriptor).st_size // page))


def drop(path: str) -> None:
    """Let go of the file's cached pages; those that another process has mapped stay."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def bind(cpus: list[int]) -> None:
    """Run on these CPUs only. Raises OSError where the kernel gave others."""
    os.sched_setaffinity(0, cpus)
    given = os.sched_getaffinity(0)
    if given != set(cpus):
        raise OSError(f"asked for CPUs {sorted(cpus)}, the kernel gave {sorted(given)}")


def enter(procs: str) -> None:
    """Move this process into the group of that ``cgroup.procs`` file. Raises OSError where it did not arrive."""
    with open(procs, "w") as file:  # noqa: PTH123 - pathlib doubles the stub's start
        file.write(str(os.getpid()))
    with open(procs) as file:  # noqa: PTH123 - pathlib doubles the stub's start
        if str(os.getpid()) not in file.read().split():
            raise OSError(f"did not arrive in {procs}")


def restrict(name: str, soft: int, hard: int) -> None:
    """Set one resource limit. Raises OSError where the kernel gave another."""
    import resource

    which = getattr(resource, name)
    resource.setrlimit(which, (soft, hard))
    if resource.getrlimit(which) != (soft, hard):
        raise OSError(f"{name}: asked {(soft, hard)}, the kernel gave {resource.getrlimit(which)}")


def become(order: dict[str, Any]) -> None:
    """Do what the order says, in the order that the module's docstring gives; does not return."""
    if order.get("parent"):
        die_with(order["parent"])
    if os.getsid(0) != os.getpid():
        raise OSError("the stub must lead its own session: start it with start_new_session=True")
    _page_cache(order)
    if order.get("affinity") is not None:
        bind(order["affinity"])
    for procs in order.get("procs") or ():
        enter(procs)
    for name, soft, hard in order.get("rlimits") or ():
        restrict(name, soft, hard)
    environment = order.get("env")
    os.execvpe(order["argv"][0], order["argv"], os.environ if environment is None else environment)


def _page_cache(order: dict[str, Any]) -> None:
    for path in order.get("warm") or ():
        warm(path)
    for path in order.get("drop") or ():
        drop(path)


def _tell(descriptor: int | None, error: BaseException) -> None:
    line = json.dumps({"stub_error": f"{type(error).__name__}: {error}"}) + "\n"
    os.write(2 if descriptor is None else descriptor, line.encode())


def main(arguments: list[str]) -> None:
    """Read the order and become the trial; on any error say so and exit 127."""
    status: int | None = None
    try:
        order = read_order(int(arguments[0]))
        status = order.get("status_fd")
        become(order)
    except BaseException as error:
        _tell(status, error)
        os._exit(FAILED)
