"""``python -m tests.truth``: runs programs of known peak and duration and sensors of known energy; claimed and true."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from harness.model.outcome import Ok
from tests.truth import durations, energies, poller, running, table
from tests.truth.programs import BY_EVERY_MEANS, BY_THE_BEST_MEANS, MIB, MORE_SUITES

Answer = tuple[str, tuple[str, bool]]
"""A table, and its worst error in a sentence with whether the target is met."""


def memory(folder: Path) -> Answer:
    """Programs of known peak, a 10 ms poller beside each."""
    with poller.beside(folder) as (environment, out):
        measured = running.by_best_means(folder, folder / "cache", "truth", *MORE_SUITES, environment=environment)
    if failed := [f"{r.trial_id}: {r.outcome}" for r in measured.run.records if not isinstance(r.outcome, Ok)]:
        raise click.ClickException("\n".join(failed))
    found = list(table.memory(measured, poller.polled(out), BY_EVERY_MEANS + BY_THE_BEST_MEANS))
    huge = measured.told["huge-pages.touched-once"] / MIB
    notes = f"By {measured.means}. Of huge-pages {huge:.0f} MiB of 128 were there after one touch every 2 MiB."
    return f"{table.text(table.memory_rows(found))}\n\n{notes}", table.worst_memory(found)


def duration(folder: Path) -> Answer:
    """Steps of known duration."""
    found = durations.measure(folder, folder / "cache")
    return table.text(table.duration_rows(found)), table.worst_duration(found)


def energy(folder: Path) -> Answer:
    """Replayed sensors, each over four windows, of which the worst is shown."""
    worst = []
    for number, replayed in enumerate(energies.REPLAYS):
        empty = folder / f"replay-{number}"
        empty.mkdir()
        worst.append(energies.worst(energies.measure(replayed, empty)))
    return table.text(table.energy_rows(worst)), table.worst_energy(worst)


KINDS: dict[str, Callable[[Path], Answer]] = {"memory": memory, "durations": duration, "energies": energy}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, type=click.Choice(list(KINDS)), help="Only this kind; may be repeated.")
def main(only: tuple[str, ...]) -> None:
    """Print claimed against true. Exit code 1 where a target is not met. Takes about a minute."""
    sentences = []
    for kind in only or KINDS:
        with tempfile.TemporaryDirectory(prefix="tierbench-truth-") as folder:
            shown, sentence = KINDS[kind](Path(folder))
        click.echo(f"{shown}\n")
        sentences.append(sentence)
    for words, _ in sentences:
        click.echo(words)
    sys.exit(int(not all(met for _, met in sentences)))


if __name__ == "__main__":
    main()
