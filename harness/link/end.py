"""The two ends of a measured link, client and server, each a process in a namespace of its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from time import perf_counter_ns

from harness.launch import die_with
from harness.link.namespace import FAR
from harness.link.order import Order, Times
from harness.model import codec

PORT = 7000
CONGESTION = ("cubic", "reno")
"""Tried in this order: both start as RFC 5681 says. Others, such as BBR, send by a pace of their own."""
WARM_UP = 4
"""Exchanges after which a kept connection's windows have grown as far as the payload needs."""
_CHUNK = 1 << 18


def serve(order: Order) -> None:
    """Answer each request of ``sent`` bytes with ``returned`` bytes, one connection after the other, for ever."""
    answer = os.urandom(order.returned)
    with _prepared(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", PORT))
        listener.listen()
        print("ready", flush=True)  # noqa: T201 - the process beside it waits for this line
        while True:
            connection, _ = listener.accept()
            with connection:
                while _received(connection, order.sent):
                    connection.sendall(answer)


def ask(order: Order) -> Times:
    """Measure ``tries`` exchanges on a kept connection, and as many that each begin with a new one."""
    request = os.urandom(order.sent)

    def exchange(connection: socket.socket) -> None:
        connection.sendall(request)
        if not _received(connection, order.returned):
            raise ConnectionError("the other end closed the connection")

    def anew() -> None:
        with _connected(order.patience) as connection:
            exchange(connection)

    with _connected(order.patience) as connection:
        congestion = _congestion(connection)
        for _ in range(WARM_UP):
            exchange(connection)
        kept = [_seconds(lambda: exchange(connection)) for _ in range(order.tries)]
    new = [_seconds(anew) for _ in range(order.tries)]
    return Times(tuple(kept), tuple(new), congestion)


def _seconds(work: Callable[[], None]) -> float:
    start = perf_counter_ns()
    work()
    return (perf_counter_ns() - start) / 1e9


def _connected(patience: float) -> socket.socket:
    made = _prepared(socket.socket())
    made.settimeout(patience)
    made.connect((FAR, PORT))
    return made


def _prepared(made: socket.socket) -> socket.socket:
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name in CONGESTION:
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
        except OSError:
            continue
        break
    return made


def _congestion(connection: socket.socket) -> str:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0").decode()


def _received(connection: socket.socket, size: int) -> bool:
    """Read ``size`` bytes; False where the other end has closed before the first of them."""
    left, buffer = size, bytearray(_CHUNK)
    while left > 0:
        count = connection.recv_into(buffer, min(left, _CHUNK))
        if count == 0:
            return False
        left -= count
    return True


def main(parent: str, role: str, text: str) -> None:
    """As ``server`` serve until killed, as ``client`` ask and print the times as JSON; end when ``parent`` does."""
    die_with(int(parent))
    order = codec.decode(text, Order)
    if role == "server":
        serve(order)
    print(codec.encode(ask(order)).decode(), flush=True)  # noqa: T201 - what it was started for
