"""``tierbench link``: send a payload over a shaped link on this machine, and hold the formula against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit, UnknownName, UserError

if TYPE_CHECKING:
    from harness.link import Measured
    from harness.network import Payload

AGREES = 0.1
MOST_BYTES = 2**30


@click.command("link", short_help="Send a payload over a shaped link on this machine.")
@click.argument("link", metavar="LINK")
@click.option("--bytes", "sizes", nargs=2, metavar="SENT RETURNED", help="Sizes of request and answer: 588KiB 4KB.")
@click.option("--payload", nargs=2, metavar="RUN WORKLOAD", help="The bytes that a run measured of a workload.")
@click.option("--tries", type=click.IntRange(1, 100), default=9, show_default=True, help="Exchanges of each kind.")
@click.option("--means", metavar="NAME", help="Force a means: netem or userspace.")
@options.runs
@options.as_json
def command(
    link: str,
    sizes: tuple[str, str] | None,
    payload: tuple[str, str] | None,
    tries: int,
    means: str | None,
    runs: Path,
    as_json: bool,
) -> int:
    """Send a payload over LINK (bandwidth and round trip: 20Mbit/s,40ms) between two network namespaces.

    On a kept connection and on new ones, beside what the formula of the report says. Nothing leaves this machine.
    Needs root, and iproute2.
    """
    from harness import link as room
    from harness import network

    measured = room.measure(network.link_of(link), _payload(sizes, payload, runs), tries, means)
    if as_json:
        say(_json(measured))
    else:
        for line in _lines(measured):
            say(line)
    return Exit.OK


def _payload(sizes: tuple[str, str] | None, of: tuple[str, str] | None, runs: Path) -> Payload:
    from harness.network import Payload

    if of is not None and sizes is None:
        return _of_run(*of, runs)
    if sizes is not None and of is None:
        return Payload(*map(_size, sizes))
    raise UserError("give either --bytes or --payload")


def _size(text: str) -> float:
    from harness.network import quantity

    size = quantity(text, "B")
    if not size <= MOST_BYTES:
        raise UserError(f"{text!r} is too large to be sent here", hint="1 GiB at most")
    return size


def _of_run(name: str, workload: str, runs: Path) -> Payload:
    from harness import network, results, store

    records = results.load(store.find(name, runs)).data.records
    works = {ref.id: ref for r in records for ref in [r.trial.case.workload]}
    chosen = {i for i, ref in works.items() if workload in (i, ref.name, f"{ref.suite}/{ref.name}")}
    if not chosen:
        raise UnknownName("workload of this run", workload, list(works))
    if len(chosen) > 1:
        raise UserError(f"{workload} is {len(chosen)} workloads", hint=f"one of {', '.join(sorted(chosen))}")
    found = network.payload_of(r for r in records if r.trial.case.workload.id in chosen)
    if found is None:
        raise UserError(f"the run does not say how many bytes {workload} is given and returns")
    return found


def _json(measured: Measured) -> str:
    from harness.model import codec
    from harness.network import CONNECTIONS

    connections = {
        c: {"seconds": measured.samples(c), "formula": measured.formula(c), "difference": measured.difference(c)}
        for c in CONNECTIONS
    }
    said = {"link": measured.link, "payload": measured.payload, "means": measured.shape}
    return codec.encode({**said, "congestion": measured.times.congestion, "connections": connections}).decode()


def _lines(measured: Measured) -> Iterator[str]:
    from harness.model.units import show, show_bytes, show_percent
    from harness.network import CONNECTIONS

    link, payload = measured.link, measured.payload
    yield (
        f"{show(link.bandwidth, 'bit/s')}, {show(link.round_trip, 's')} round trip; {show_bytes(payload.sent)} there, "
        f"{show_bytes(payload.returned)} back; by {measured.shape}, {measured.times.congestion}"
    )
    for connection in CONNECTIONS:
        times = measured.samples(connection)
        off = measured.difference(connection)
        yield (
            f"{connection:<5} connection: {show(measured.median(connection), 's')} (median of {len(times)}, "
            f"{show(min(times), 's')} to {show(max(times), 's')}), formula {show(measured.formula(connection), 's')}, "
            f"{show_percent(off, signed=True)}"
        )
        if abs(off) > AGREES:
            yield f"  more than {show_percent(AGREES)} apart: a busy machine delays packets, try again"
