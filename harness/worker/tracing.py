"""Which files a process and those that it starts open, whichever way they do it: the kernel is asked.

By seccomp's notifications (Linux 5.5, as any user): each call that opens or executes a file waits until a second
process, which stands beside, has noted its path and lets it go on. Where the kernel, a sandbox or the processor's
architecture does not offer that, Python's audit hook sees what the interpreter itself opens, and no more.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import select
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from harness.host import calls
from harness.host.calls import Numbers
from harness.host.files import HERE

Means = Literal["seccomp", "audit"]

_SET_PTRACER, _NO_NEW_PRIVS = 0x59616D61, 38
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_RECEIVE, _SEND, _CONTINUE = 0xC0502100, 0xC0182101, 1
_NOTICE = struct.Struct("QIIiIQ6Q")
_ANSWER = struct.Struct("QqiI")
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_AT_FDCWD = 0xFFFFFF9C
_PATH_BYTES = 4096


@dataclass
class Opened:
    """What was opened so far, by Python's own account and by the supervisor's where there is one."""

    heard: dict[str, bool]
    supervisor: socket.socket | None = None
    process: int = field(default_factory=os.getpid)

    def so_far(self) -> tuple[dict[str, bool], Means]:
        """Absolute paths, and whether each was opened for writing, too; and the means that saw all of them."""
        if self.supervisor is None or os.getpid() != self.process:  # a fork must not take its parent's answer
            return dict(self.heard), "audit"
        try:
            self.supervisor.send(b"?")
            with self.supervisor.makefile("rb") as answer:
                seen, blind = json.loads(answer.readline())
        except (OSError, ValueError):  # whatever ended the supervisor, what Python heard is left
            return dict(self.heard), "audit"
        return {**self.heard, **seen}, "audit" if blind else "seccomp"


def begin() -> Opened:
    """Follow what this process opens from now on, to its end. Call it while it has one thread."""
    numbers = calls.numbers()
    return Opened(_by_audit(), None if numbers is None else _by_seccomp(numbers))


def _by_audit() -> dict[str, bool]:
    paths: dict[str, bool] = {}

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            _note(paths, os.path.abspath(os.fsdecode(arguments[0])), flags)  # noqa: PTH100 - no link is followed

    sys.addaudithook(hear)
    return paths


def _note(paths: dict[str, bool], path: str, flags: int) -> None:
    mode = flags & os.O_ACCMODE
    if mode != os.O_WRONLY:
        paths[path] = paths.get(path, False) or mode == os.O_RDWR


def _by_seccomp(calls: Numbers) -> socket.socket | None:
    ours, theirs = socket.socketpair()
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        _start_supervisor(theirs, ours, calls)
        theirs.close()
        supervisor = ours.recv(16)
        if not supervisor:
            raise ChildProcessError("no supervisor could be started")
        libc.prctl(_SET_PTRACER, int(supervisor), 0, 0, 0)  # Yama; refused where there is none
        listener = _install(libc, calls)
        socket.send_fds(ours, [b"!"], [listener])
    except OSError:  # no seccomp here, or no process more may be started
        ours.close()
        theirs.close()
        return None
    os.close(listener)
    return ours


def _install(libc: ctypes.CDLL, calls: Numbers) -> int:
    """The descriptor on which the kernel tells of this process's calls. Raises OSError."""
    watched = [calls.openat, calls.openat2, calls.execve, calls.execveat]
    watched += [] if calls.open is None else [calls.open]
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, calls.audit), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, 0)]
    for number in watched:
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _NOTIFY)]
    program.append((_RETURN, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    filter_ = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
    for _ in range(2):
        found = int(libc.syscall(calls.seccomp, _SET_MODE_FILTER, _NEW_LISTENER, filter_))
        if found >= 0:
            return found
        if ctypes.get_errno() != errno.EACCES or libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            break
    raise OSError(ctypes.get_errno(), "seccomp")


def _start_supervisor(own: socket.socket, other: socket.socket, calls: Numbers) -> None:
    """Start it as nobody's child: a workload that waits for all its children must not wait for this one."""
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return
    if os.fork() == 0:
        with suppress(BaseException):
            other.close()
            _supervise(own, calls)
    os._exit(0)


def _supervise(own: socket.socket, calls: Numbers) -> None:
    _let_go_of_all_but(own.fileno())
    own.send(str(os.getpid()).encode())
    _, descriptors, _, _ = socket.recv_fds(own, 1, 1)
    if not descriptors:
        return
    watcher = _Supervisor(descriptors[0], calls)
    poll = select.poll()
    poll.register(descriptors[0], select.POLLIN)
    poll.register(own, select.POLLIN)
    while True:
        for descriptor, happened in poll.poll():
            if descriptor == own.fileno():
                if own.recv(1):
                    own.sendall(json.dumps((watcher.paths, watcher.blind)).encode() + b"\n")
                else:
                    poll.unregister(own)
            elif happened & select.POLLIN:
                watcher.look()
            else:
                return  # nobody is left whom it follows


def _let_go_of_all_but(descriptor: int) -> None:
    """Pipes and output of the trial: who waits for their end must not wait for this process."""
    for name in HERE.names("proc/self/fd"):
        if int(name) != descriptor:
            with suppress(OSError):
                os.close(int(name))


@dataclass
class _Supervisor:
    listener: int
    calls: Numbers
    paths: dict[str, bool] = field(default_factory=dict)
    blind: bool = False
    """Whether a process could not be looked into: Yama or another guard lets nobody read what it opens."""

    def look(self) -> None:
        """Note one call and let it go on, whatever becomes of the note."""
        notice = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, notice)
        except OSError:
            return  # the caller was killed meanwhile
        number, process, _, call, _, _, *arguments = _NOTICE.unpack(notice)
        try:
            self._note(process, call, arguments)
        except PermissionError:
            self.blind = True
        except (OSError, ValueError):
            pass  # it passed no path, or was killed meanwhile
        with suppress(OSError):
            fcntl.ioctl(self.listener, _SEND, _ANSWER.pack(number, 0, 0, _CONTINUE))

    def _note(self, process: int, call: int, arguments: list[int]) -> None:
        has_folder = call not in {self.calls.open, self.calls.execve}
        address = arguments[1] if has_folder else arguments[0]
        path = os.fsdecode(_text(process, address))
        if not path.startswith("/"):
            path = os.path.join(_folder(process, arguments[0] if has_folder else _AT_FDCWD), path)  # noqa: PTH118
        _note(self.paths, path, self._flags(process, call, arguments))

    def _flags(self, process: int, call: int, arguments: list[int]) -> int:
        if call == self.calls.openat:
            return arguments[2]
        if call == self.calls.open:
            return arguments[1]
        if call == self.calls.openat2:
            return int.from_bytes(_memory(process, arguments[2], 8), sys.byteorder)
        return os.O_RDONLY


def _folder(process: int, descriptor: int) -> str:
    at = descriptor & 0xFFFFFFFF
    return os.readlink(f"/proc/{process}/cwd" if at == _AT_FDCWD else f"/proc/{process}/fd/{at}")  # noqa: PTH115


def _text(process: int, address: int) -> bytes:
    """The text at an address, up to its NUL. The bytes behind it may lie in a page that is not there."""
    page = os.sysconf("SC_PAGE_SIZE")
    first = min(_PATH_BYTES, page - address % page)
    found = _memory(process, address, first)
    if b"\0" not in found:
        found += _memory(process, address + first, _PATH_BYTES)
    return found.partition(b"\0")[0]


def _memory(process: int, address: int, count: int) -> bytes:
    descriptor = os.open(f"/proc/{process}/mem", os.O_RDONLY)
    try:
        return os.pread(descriptor, count, address)
    finally:
        os.close(descriptor)
