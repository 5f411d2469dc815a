"""``python without_calls.py ERRNO CALL[,CALL...] COMMAND...``: run it where these system calls give ERRNO.

As on an old kernel (ENOSYS) or in a strict sandbox (EPERM).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from pathlib import Path

CALLS = {
    "x86_64": {
        "sched_setaffinity": 203, "sched_getaffinity": 204, "fadvise64": 221, "fdatasync": 75, "prctl": 157,
        "getrandom": 318, "memfd_create": 319, "seccomp": 317, "statx": 332, "pidfd_open": 434, "close_range": 436,
        "cachestat": 451, "flock": 73, "waitid": 247, "unshare": 272,
    },
    "aarch64": {
        "sched_setaffinity": 122, "sched_getaffinity": 123, "fadvise64": 223, "fdatasync": 83, "prctl": 167,
        "getrandom": 278, "memfd_create": 279, "seccomp": 277, "statx": 291, "pidfd_open": 434, "close_range": 436,
        "cachestat": 451, "flock": 32, "waitid": 95, "unshare": 97,
    },
}  # fmt: skip
_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def command(error: str, *calls: str) -> list[str]:
    """What to put before a command."""
    return [sys.executable, str(Path(__file__)), error, ",".join(calls)]


def main(error: str, calls: str, rest: list[str]) -> None:
    """Become the command under the filter."""
    numbers = [CALLS[os.uname().machine][name] for name in calls.split(",")]
    steps = [(0x20, 0, 0, 0)]
    for number in numbers:
        steps += [(0x15, 0, 1, number), (0x06, 0, 0, _ERRNO | getattr(errno, error))]
    steps.append((0x06, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_SECCOMP, _FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    os.execvp(rest[0], rest)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
