"""The process that makes two namespaces with a link between them.

Nothing is left behind: namespaces and devices are this process's and its children's own, and end with them, however
they end. On an error it prints one line to stderr and exits with ``REFUSED``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from harness.host.processes import end_of
from harness.launch import die_with
from harness.link.namespace import FAR, NEAR, Refused, address, enter, enter_new, ip, run, tunnel
from harness.link.order import Order
from harness.link.processes import command
from harness.link.relay import relay
from harness.model import codec

REFUSED = 3
_END = "harness.link.end"
_PACKETS = "1000000"
"""More than a kernel's emulator will ever hold here: nothing is dropped."""


def userspace(order: Order) -> int:
    """A relay in this process between two tunnel devices. The client's exit code."""
    enter_new()
    far = tunnel("far")
    address("far", FAR, NEAR)
    with _server(order):
        enter_new()
        near = tunnel("near")
        address("near", NEAR, FAR)
        with _end("client", order) as client:
            relay(near, far, end_of(client), order.bandwidth, order.round_trip)
            return client.wait()


def netem(order: Order) -> int:
    """Two ends of a virtual cable, each with the kernel's emulator on it. The client's exit code."""
    there = enter_new()
    with _server(order) as server:
        here = enter_new()
        ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(server.pid))
        enter(there)
        _shaped("far", FAR, NEAR, order)
        enter(here)
        _shaped("near", NEAR, FAR, order)
        with _end("client", order) as client:
            return client.wait()


SHAPES = {"userspace": userspace, "netem": netem}


def _shaped(device: str, own: str, other: str, order: Order) -> None:
    """Whole packets, no bundles of them: a bundle would leave at once."""
    ip("link", "set", device, "gso_max_segs", "1")
    address(device, own, other)
    delay, rate = f"{order.round_trip / 2 * 1e6:.0f}us", f"{order.bandwidth:.0f}bit"
    run("tc", "qdisc", "add", "dev", device, "root", "netem", "delay", delay, "rate", rate, "limit", _PACKETS)


@contextmanager
def _end(role: str, order: Order, stdout: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """One end in the namespace that this process is in now; killed when it is left."""
    with subprocess.Popen(command(_END, role, codec.encode(order).decode()), stdout=stdout) as end:
        try:
            yield end
        finally:
            end.kill()


@contextmanager
def _server(order: Order) -> Iterator[subprocess.Popen[bytes]]:
    """The server, once it listens."""
    with _end("server", order, subprocess.PIPE) as server:
        if server.stdout is None or not server.stdout.readline():
            raise Refused("the server did not start")
        yield server


def main(parent: str, text: str) -> int:
    """Make the link, run both ends over it, return what the client returned; end when ``parent`` does."""
    die_with(int(parent))
    order = codec.decode(text, Order)
    try:
        return SHAPES[order.shape](order)
    except Refused as error:
        print(error, file=sys.stderr)  # noqa: T201 - for the process that started this one
        return REFUSED
