"""``tierbench record-sensors``: keep what this machine's sensors give, to replay it through the meters elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit


@click.command("record-sensors", short_help="Record what this machine's sensors give.")
@click.option("--seconds", type=options.Finite(0.1, 3600), default=10.0, show_default=True, help="How long.")
@click.option(
    "--interval",
    type=options.Finite(0.001, 10),
    default=0.02,
    show_default=True,
    help="Seconds between two readings of a sensor.",
)
@click.option("--out", type=options.NamedPath(dir_okay=False), required=True, help="File to write (JSON Lines).")
def command(seconds: float, interval: float, out: Path) -> int:
    """Record clocks, temperatures, power and energy as the meters read them, for a test or for a bug report."""
    from harness.errors import MachineError
    from harness.meters import recorder, trace

    found = recorder.sources()
    if not found:
        text = (
            "nothing to record: no RAPL, hwmon, battery, thermal, cpufreq, NVML or vcgencmd reading is to be had here"
        )
        raise MachineError(text, hint="a virtual machine or container shows few sensors: try on the machine itself")
    recorded = recorder.record(found, recorder.fixed(), seconds, interval)
    try:
        with out.open("wb") as file:
            file.writelines(trace.lines(recorded))
    except OSError as error:
        raise MachineError(f"cannot be written: {error.strerror}", where=str(out)) from None
    say(f"{len(recorded.entries)} readings of {len(found)} sensors in {out}")
    return Exit.OK
