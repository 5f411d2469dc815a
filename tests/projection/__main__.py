"""``make validate-projection``: how far projections are off, class by class, and what they must beat.

Writes docs/projection-accuracy.md. ``--published FOLDER`` tries other tables of the same form, such as figures that
were held back: their boards are projected from the library that is shipped.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from math import exp
from pathlib import Path

import click

from harness.projection import library
from harness.projection.library import Row
from harness.projection.work import known_models
from tests.projection import gpus, page, published
from tests.projection.crossing import ANCHORS, beaten, crossed, crossed_strictly, folds, models
from tests.projection.decoding import table as decoded
from tests.projection.folds import Guess
from tests.projection.report import GPU, LLM, Report
from tests.projection.summary import Line, of_errors, of_guesses

DRAWS = 20
"""Of anchors for the one published transformer on each board: by one draw its coverage is a matter of luck."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--published", "folder", type=click.Path(path_type=Path), help="Other tables; nothing is written.")
@click.option("--no-host", is_flag=True, help="Leave out what is measured on this machine: the page then lacks it.")
def main(folder: Path | None, no_host: bool) -> None:
    """Validate the projection. Exit code 1 where a target is missed."""
    rows = list(library.rows()) if folder is None else _rows(folder)
    report = validate(rows)
    if not no_host and folder is None:
        from tests.projection.hosted import measured

        report = report.with_host(measured())
    click.echo(page.plain(report))
    if folder is None:
        page.write(report)
        click.echo(f"\nwritten to {page.DOCUMENT}", err=True)
    sys.exit(int(any(not met for _, _, met in report.targets())))


def _rows(folder: Path) -> list[Row]:
    table = csv.DictReader((folder / "published_latency.csv").read_text().splitlines())
    found = list(published.rows(table, set(known_models())))
    return [library.row({name: str(value) for name, value in row.items()}) for row in found]


def validate(rows: list[Row]) -> Report:
    """All that needs no machine but this one's processor. Takes minutes."""
    convolutional, transformers = models(rows, transformers=False), models(rows, transformers=True)
    _say("fitting priors without the chips that they are tried on")
    dealt = folds(rows)
    _say("leaving out devices")
    by_device = crossed(dealt, "device", convolutional)
    _say("leaving out chips")
    by_chip = crossed(dealt, "chip", convolutional)
    _say("leaving out devices and models")
    strict = crossed_strictly(dealt, convolutional, convolutional)
    mixed = crossed_strictly(dealt, convolutional | transformers, transformers, DRAWS) if transformers else {}
    rivals = beaten(rows, convolutional)
    return Report(
        rows=len(rows),
        boards=len({row.device for row in rows if row.peak_gflops}),
        device=by_device,
        tables={
            "CNN on CPU, the device left out": _lines(by_device),
            "CNN on CPU, the device and its sibling boards left out": _lines(by_chip),
            "CNN on CPU, the device and the model left out (a workload of your own)": _lines(strict),
            "Transformer on CPU, the device and the model left out": _lines(mixed),
            LLM: [_decode()],
            GPU: _gpus(),
            **{f"For comparison: {name}": _rival(found) for name, found in rivals.items()},
        },
    )


def _lines(found: dict[int, list[Guess]]) -> list[Line]:
    return [of_guesses(f"{count} anchors", guesses) for count, guesses in found.items() if guesses]


def _rival(found: dict[int, list[float]]) -> list[Line]:
    return [of_errors(f"{count} anchors", found[count]) for count in ANCHORS]


def _decode() -> Line:
    rows = decoded()
    line = of_errors("0 anchors", [row.error for row in rows])
    return Line(**{**line.__dict__, "coverage": sum(row.within for row in rows) / len(rows)})


def _gpus() -> list[Line]:
    """A line a device."""
    rows = gpus.table()
    return [_of_device(rows, device) for device in dict.fromkeys(row.device for row in rows)]


def _of_device(rows: list[gpus.Timed], device: str) -> Line:
    """Its interval is as wide as the other devices ask for."""
    line = of_errors(device, [row.error for row in rows if row.device == device])
    held, others = gpus.held(rows, device), [row for row in rows if row.device != device]
    return replace(line, coverage=sum(held) / len(held), width=exp(2 * gpus.NINETY * gpus.worst(others)))


def _say(what: str) -> None:
    click.echo(f"{what} ...", err=True)


if __name__ == "__main__":
    main()
