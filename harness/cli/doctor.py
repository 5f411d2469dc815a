"""``tierbench doctor``: what can be measured and enforced here, what disturbs, how to mend it."""

from __future__ import annotations

import click

from harness.cli import options
from harness.errors import Exit


@click.command("doctor", short_help="Say what can be measured and enforced here.")
@options.as_json
def command(as_json: bool) -> int:
    """Say what can be measured and enforced here, what disturbs a measurement, and how to mend it."""
    from harness import host, selection
    from harness.model import codec

    caps, environment = selection.capabilities(), host.environment()
    findings = host.doctor(caps, environment)
    if as_json:
        report = {"capabilities": caps, "environment": environment, "findings": findings}
        click.echo(codec.encode(report))
        return Exit.OK
    click.echo(f"{environment.cpu}, {caps.cores} cores, {environment.system} {environment.kernel}")
    _section("limits can be enforced by", [(m.id, m.reason) for m in caps.means])
    _section("meters", [(m.id, m.reason) for m in caps.meters])
    _section("runtimes", [(f"{r.id} on {r.device}", r.reason) for r in caps.runtimes])
    click.echo("\nwhat disturbs here" if findings else "\nnothing found that disturbs")
    for finding in findings:
        click.echo(f"  {finding.level}: {finding.message}" + (f"\n      {finding.hint}" if finding.hint else ""))
    return Exit.OK


def _section(title: str, rows: list[tuple[str, str | None]]) -> None:
    click.echo(f"\n{title}")
    for name, reason in rows:
        click.echo(f"  {name:<24} {'yes' if reason is None else 'no: ' + reason}")
