"""Network namespaces of this machine, entered by this process: they end with the last process in them."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
from pathlib import Path

NEAR, FAR = "192.0.2.1", "192.0.2.2"
"""Of the block that is for documentation (RFC 5737); no route leads out of the namespaces."""

_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_LONG_QUEUE = 20_000
_NO_METRICS = Path("/proc/sys/net/ipv4/tcp_no_metrics_save")


class Refused(Exception):  # noqa: N818 - it names what happened
    """The machine does not let this be done, in words."""


def enter_new() -> int:
    """Leave this process's network for one of its own; a descriptor of it. Raises Refused.

    A connection there learns nothing from earlier ones: else their slow start would be cut short.
    """
    _call("unshare", _NEWNET)
    try:
        _NO_METRICS.write_text("1")
    except OSError as error:
        raise Refused(f"{_NO_METRICS}: {error.strerror}") from None
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def enter(descriptor: int) -> None:
    """Go to the namespace of that descriptor. Raises Refused."""
    _call("setns", descriptor, _NEWNET)


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise Refused(f"{name}: {os.strerror(ctypes.get_errno())}")


def ip(*words: str) -> None:
    """``ip`` of iproute2 in this namespace. Raises Refused with what it said."""
    run("ip", *words)


def run(*command: str) -> None:
    """A command in this namespace. Raises Refused with what it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Refused(f"{command[0]} not found (package iproute2)") from None
    if done.returncode != 0:
        raise Refused(f"{' '.join(command)}: {' '.join(done.stderr.split()) or done.returncode}")


def address(device: str, own: str, other: str) -> None:
    """Give a device its address and its one neighbour, and switch it on."""
    ip("address", "add", own, "peer", other, "dev", device)
    ip("link", "set", device, "txqueuelen", str(_LONG_QUEUE), "up")


def tunnel(device: str) -> int:
    """A new tunnel device in this namespace: a descriptor that reads and writes its packets. Raises Refused."""
    try:
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", device.encode(), _IFF_TUN | _IFF_NO_PI))
    except OSError as error:
        raise Refused(f"/dev/net/tun: {error.strerror}") from None
    return descriptor
