"""``tierbench doctor``: what can be measured and enforced here, what disturbs, how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit

if TYPE_CHECKING:
    from harness.model.machine import MeterState


@click.command("doctor", short_help="Say what can be measured and enforced here.")
@click.option("--noise", is_flag=True, help="Run equal against equal, and keep how far they differ for `compare`.")
@click.option("--workload", default="vision/mobilenetv2", show_default=True, help="What --noise runs.")
@click.option(
    "--processes", type=click.IntRange(6, 100), default=10, show_default=True, help="How often --noise runs it."
)
@options.include
@options.as_json
def command(noise: bool, workload: str, processes: int, include: tuple[Path, ...], as_json: bool) -> int:
    """Say what can be measured and enforced here, what disturbs a measurement, and how to mend it."""
    return _noise(workload, processes, include, as_json) if noise else _machine(as_json)


def _noise(workload: str, processes: int, include: tuple[Path, ...], as_json: bool) -> int:
    from harness import api
    from harness.cli.progress import watching
    from harness.model import codec
    from harness.model.units import show_percent

    with watching(quiet=as_json) as (emit, _stop):
        found = api.noise_floor(workload, processes, include, emit=emit)
    if as_json:
        click.echo(codec.encode(found))
        return Exit.OK
    for floor in found.floors:
        halves = f"two equal runs of {floor.processes // 2} processes"
        say(f"{floor.metric}: {halves} of {floor.workload} differ by up to {show_percent(floor.fraction)}")
    say("kept for this machine: `tierbench compare` calls no smaller change slower or faster")
    return Exit.OK


def _machine(as_json: bool) -> int:
    from harness import host, selection
    from harness.model import codec

    caps, environment = selection.capabilities(), host.environment()
    findings = host.doctor(caps, environment)
    if as_json:
        report = {"capabilities": caps, "environment": environment, "findings": findings}
        click.echo(codec.encode(report))
        return Exit.OK
    say(f"{environment.cpu}, {caps.cores} cores, {environment.system} {environment.kernel}")
    _section("limits can be enforced by", [(m.id, m.reason, "") for m in caps.means])
    _section("meters", [shown_meter(m) for m in caps.meters])
    _section("runtimes", [(f"{r.id} on {r.device}", r.reason, "") for r in caps.runtimes])
    say("\nwhat disturbs here" if findings else "\nnothing found that disturbs")
    for finding in findings:
        say(f"  {finding.level}: {finding.message}" + (f"\n      {finding.hint}" if finding.hint else ""))
    return Exit.OK


def shown_meter(meter: MeterState) -> tuple[str, str | None, str]:
    """A meter's id, why it cannot be used here, and in which roles it gives what."""
    metrics = ", ".join(f"{m.id} ({m.unit})" for m in meter.metrics)
    return meter.id, meter.reason, f"in {', '.join(meter.roles)}: {metrics}" if metrics else ""


def _section(title: str, rows: list[tuple[str, str | None, str]]) -> None:
    say(f"\n{title}")
    for name, reason, more in rows:
        say(f"  {name:<24} {'yes' if reason is None else 'no: ' + reason}")
        if more:
            say(f"      {more}")
