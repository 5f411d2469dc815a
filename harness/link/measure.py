"""Measures a payload's exchange over a link, beside what the formula says of it."""

from __future__ import annotations

import statistics
import subprocess

from msgspec import Struct

from harness.errors import MachineError, UserError
from harness.link.end import WARM_UP
from harness.link.means import choose
from harness.link.order import Order, Shape, Times
from harness.link.processes import command
from harness.model import codec
from harness.model.units import show
from harness.network import Connection, Link, Payload, exchange

LONGEST = 600.0
"""Seconds that a measurement may take by the formula."""
_BETWEEN = "harness.link.between"
_PATIENCE = 10
"""Times what the formula says, for one exchange."""
_START = 20.0
"""Seconds for processes and namespaces to come up."""


class Measured(Struct, frozen=True):
    """Exchanges over a link that was there, and what they would be by the formula. Times in s."""

    link: Link
    payload: Payload
    shape: Shape
    times: Times

    def samples(self, connection: Connection) -> tuple[float, ...]:
        """Each exchange's time."""
        return self.times.kept if connection == "kept" else self.times.new

    def median(self, connection: Connection) -> float:
        """Of the exchanges."""
        return statistics.median(self.samples(connection))

    def formula(self, connection: Connection) -> float:
        """What ``harness.network`` says."""
        return exchange(self.payload, self.link, connection).seconds

    def difference(self, connection: Connection) -> float:
        """The median over the formula, less 1."""
        return self.median(connection) / self.formula(connection) - 1


def measure(link: Link, payload: Payload, tries: int, means: str | None = None) -> Measured:
    """``tries`` exchanges on a kept connection and as many on new ones. Raises UserError, and MachineError where no
    link can be made here."""
    _check(link, payload, tries)
    shape = choose(link.bandwidth, means)
    longest = exchange(payload, link, "new").seconds * _PATIENCE + 1
    order = Order(
        shape, link.bandwidth, link.round_trip, int(payload.sent), int(payload.returned), tries, patience=longest
    )
    return Measured(link, payload, shape, codec.decode(_run(order), Times))


def expected(link: Link, payload: Payload, tries: int) -> float:
    """Seconds that a measurement takes by the formula."""
    kept, new = (exchange(payload, link, connection).seconds for connection in ("kept", "new"))
    return (tries + WARM_UP) * kept + tries * new


def _check(link: Link, payload: Payload, tries: int) -> None:
    if min(payload.sent, payload.returned) < 1:
        raise UserError("a message without a byte cannot be sent", hint="1B at least, each way")
    if (seconds := expected(link, payload, tries)) > LONGEST:
        raise UserError(
            f"{tries} tries would take {show(seconds, 's')}", hint=f"at most {LONGEST:g} s: fewer tries or bytes"
        )


def _run(order: Order) -> bytes:
    limit = _START + order.patience * (2 * order.tries + WARM_UP)
    try:
        done = subprocess.run(
            command(_BETWEEN, codec.encode(order).decode()), capture_output=True, check=False, timeout=limit
        )
    except subprocess.TimeoutExpired:
        raise MachineError(f"the measurement did not end within {show(limit, 's')}") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise MachineError(f"no link could be measured: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout
