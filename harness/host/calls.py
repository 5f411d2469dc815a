"""System calls that an old kernel or a strict sandbox may lack: which are missing here, and what follows from it."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, NamedTuple

_SECCOMP_ACTION_AVAILABLE, _USER_NOTIFICATION = 2, 0x7FC00000
_GET_PDEATHSIG = 2
_CACHESTAT = 451


class Numbers(NamedTuple):
    """Numbers of an architecture's system calls; None for one that it does not have."""

    audit: int
    """The architecture, as the kernel's audit calls it."""
    seccomp: int
    openat: int
    openat2: int
    execve: int
    execveat: int
    open: int | None = None


_OF = {
    ("x86_64", 8): Numbers(0xC000003E, 317, 257, 437, 59, 322, 2),
    ("aarch64", 8): Numbers(0xC00000B7, 277, 56, 437, 221, 281),
    ("riscv64", 8): Numbers(0xC00000F3, 277, 56, 437, 221, 281),
    ("armv7l", 4): Numbers(0x40000028, 383, 322, 437, 11, 387, 5),
    ("armv6l", 4): Numbers(0x40000028, 383, 322, 437, 11, 387, 5),
    ("aarch64", 4): Numbers(0x40000028, 383, 322, 437, 11, 387, 5),
}
"""By machine and the bytes of a pointer: a 64-bit kernel may run a 32-bit system."""


def numbers() -> Numbers | None:
    """Those of this process's architecture; None for one that is not known here."""
    return _OF.get((os.uname().machine, struct.calcsize("P")))


class Missing(NamedTuple):
    """A call that fails here, what the kernel said, and what follows."""

    call: str
    said: str
    follows: str


def missing() -> Iterator[Missing]:
    """Those that fail when they are tried, in a way that changes nothing."""
    for call, attempt, follows in _OPTIONAL:
        try:
            attempt()
        except OSError as error:
            yield Missing(call, error.strerror or str(error), follows)
        except AttributeError:
            yield Missing(call, "this Python was built without it", follows)


def can_bind() -> bool:
    """Whether this process can choose the CPUs that it runs on."""
    with suppress(OSError, AttributeError):
        _bind()
        return True
    return False


def _bind() -> None:
    os.sched_setaffinity(0, os.sched_getaffinity(0))


def _wait() -> None:
    os.close(os.pidfd_open(os.getpid()))


def _scratch() -> IO[bytes]:
    from tempfile import TemporaryFile  # 10 ms, which a trial need not pay

    return TemporaryFile()


def _drop() -> None:
    with _scratch() as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _ask_cache() -> None:
    whole, said = (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)()
    with _scratch() as file:
        _checked(lambda libc: libc.syscall(_CACHESTAT, file.fileno(), whole, said, 0))


def _follow_parent() -> None:
    found = ctypes.c_int()
    _checked(lambda libc: libc.prctl(_GET_PDEATHSIG, ctypes.byref(found), 0, 0, 0))


def _notify() -> None:
    known, action = numbers(), ctypes.c_uint32(_USER_NOTIFICATION)
    if known is None:
        raise OSError(0, f"not known on {os.uname().machine}")
    _checked(lambda libc: libc.syscall(known.seccomp, _SECCOMP_ACTION_AVAILABLE, 0, ctypes.byref(action)))


def _checked(call: Callable[[ctypes.CDLL], int]) -> None:
    if call(ctypes.CDLL(None, use_errno=True)) < 0:
        found = ctypes.get_errno()
        raise OSError(found, os.strerror(found))


_OPTIONAL: tuple[tuple[str, Callable[[], None], str], ...] = (
    ("pidfd_open", _wait, "a thread waits for each trial (Linux before 5.3, or a sandbox)"),
    ("sched_setaffinity", _bind, "trials cannot be held to a board's number of cores, only told its number of threads"),
    ("prctl", _follow_parent, "a trial goes on where the harness is killed, until the next run clears it away"),
    ("posix_fadvise", _drop, "a board's limit need not hold the pages of libraries that are cached already"),
    ("cachestat", _ask_cache, "files are read through before each trial, cached or not (Linux before 6.5)"),
    ("seccomp", _notify, "files that native code or another process reads and closes are not seen (Linux before 5.5)"),
)
