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
               ``{"stub_error": "..."}`` there, a sentence, and exits 127. What it could not do but the trial can be run
               without is a line ``{"stub_note": ["kind", "..."]}`` each; otherwise it writes nothing.

Order: page cache, environment and affinity, group, resource limits, exec.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without what importing typing costs
if TYPE_CHECKING:
    from collections.abc import Callable
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


class Refused(Exception):  # noqa: N818 - it names what happened
    """Something that the trial cannot be run without; the message is a sentence for people."""


def said(call: str, path: str, error: OSError) -> str:
    """``fdatasync of /lib/x.so: Invalid argument``."""
    return f"{call} of {path}: {error.strerror or error}"


def die_with(parent: int) -> str | None:
    """Be killed when ``parent`` dies; why the kernel will not do it, None where it will. Raises Refused."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) != 0
    if os.getppid() != parent:
        raise Refused(f"the process that started it, {parent}, is gone")
    return f"prctl(PR_SET_PDEATHSIG): {os.strerror(ctypes.get_errno())}" if failed else None


def warm(path: str) -> None:
    """Read the file through, so that its pages are cached and charged to the group this process is in. Raises OSError.

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
    """Let go of the file's cached pages; those that another process has mapped stay. Raises OSError.

    A file system without writing (squashfs, erofs, iso9660) refuses to sync: its pages are clean.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        try:  # noqa: SIM105 - contextlib would be one more import
            os.fdatasync(descriptor)
        except OSError:
            pass
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def bind(cpus: list[int]) -> None:
    """Run on these CPUs only. Raises Refused where the kernel gave others."""
    try:
        os.sched_setaffinity(0, cpus)
        given = os.sched_getaffinity(0)
    except OSError as error:
        raise Refused(f"sched_setaffinity to CPUs {sorted(cpus)}: {error.strerror or error}") from None
    if given != set(cpus):
        raise Refused(f"asked for CPUs {sorted(cpus)}, the kernel gave {sorted(given)}")


def enter(procs: str) -> None:
    """Move this process into the group of that ``cgroup.procs`` file. Raises Refused where it did not arrive."""
    try:
        with open(procs, "w") as file:  # noqa: PTH123 - pathlib doubles the stub's start
            file.write(str(os.getpid()))
        with open(procs) as file:  # noqa: PTH123 - pathlib doubles the stub's start
            arrived = str(os.getpid()) in file.read().split()
    except OSError as error:
        raise Refused(f"cannot enter the group of {procs}: {error.strerror or error}") from None
    if not arrived:
        raise Refused(f"did not arrive in the group of {procs}")


def restrict(name: str, soft: int, hard: int) -> None:
    """Set one resource limit. Raises Refused where the kernel gave another."""
    import resource

    which = getattr(resource, name)
    try:
        resource.setrlimit(which, (soft, hard))
    except (OSError, ValueError) as error:
        raise Refused(f"setrlimit {name} to {soft} and {hard}: {getattr(error, 'strerror', None) or error}") from None
    if resource.getrlimit(which) != (soft, hard):
        raise Refused(f"{name}: asked {(soft, hard)}, the kernel gave {resource.getrlimit(which)}")


def become(order: dict[str, Any]) -> None:
    """Do what the order says, in the order that the module's docstring gives; does not return."""
    note = die_with(order["parent"]) if order.get("parent") else None
    if note:
        _tell(order.get("status_fd"), "stub_note", ["outlives", note])
    if os.getsid(0) != os.getpid():
        raise Refused("the stub must lead its own session: start it with start_new_session=True")
    for kind, note in _page_cache(order):
        _tell(order.get("status_fd"), "stub_note", [kind, note])
    if order.get("affinity") is not None:
        bind(order["affinity"])
    for procs in order.get("procs") or ():
        enter(procs)
    for name, soft, hard in order.get("rlimits") or ():
        restrict(name, soft, hard)
    environment = order.get("env")
    try:
        os.execvpe(order["argv"][0], order["argv"], os.environ if environment is None else environment)
    except OSError as error:
        raise Refused(said("execution", order["argv"][0], error)) from None


def _page_cache(order: dict[str, Any]) -> list[tuple[str, str]]:
    """Warm and drop what is asked; the kind and a sentence of what could not be done for any number of files."""
    notes = []
    for kind, call, act in (("warm", "reading", warm), ("drop", "posix_fadvise", drop)):
        failed = [note for path in order.get(kind) or () if (note := _tried(call, act, path))]
        if failed:
            more = f", and {len(failed) - 1} more files" if len(failed) > 1 else ""
            notes.append((kind, failed[0] + more))
    return notes


def _tried(call: str, act: Callable[[str], None], path: str) -> str | None:
    try:
        act(path)
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError):
            return f"{call} of {path!r}: {error}"
        return said("opening" if error.filename else call, path, error)
    return None


def _tell(descriptor: int | None, kind: str, value: object) -> None:
    os.write(2 if descriptor is None else descriptor, (json.dumps({kind: value}) + "\n").encode())


def main(arguments: list[str]) -> None:
    """Read the order and become the trial; on any error say so and exit 127."""
    status: int | None = None
    try:
        order = read_order(int(arguments[0]))
        status = order.get("status_fd")
        become(order)
    except BaseException as error:
        _tell(status, "stub_error", str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}")
        os._exit(FAILED)
