"""On the board: projections from its profile's anchors, held against what is measured here and now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from harness import __version__
from harness.engine import Stop
from harness.errors import UserError
from harness.model.estimate import NotProjected
from harness.model.events import Notice
from harness.model.profile import Accuracy, HardwareProfile, Target
from harness.model.units import show, show_percent
from harness.projection import library
from harness.projection.accuracy import Method, Pair, held_against, outside_too_often, stated
from harness.vendor import calibrate, profile_file
from harness.vendor.calibrate import Asked, Emit
from harness.vendor.gathering import Measured, today
from harness.vendor.putting import again, said_threads, target_of

METHOD: Method = "verified on the board"
DUE = 0.1
"""Of measured times may lie outside a 90 % interval."""


class Setting(Struct, frozen=True, order=True):
    """A configuration that the profile has anchors of."""

    dtype: str
    threads: int

    @property
    def said(self) -> str:
        """For people."""
        return f"{library.RUNTIME} {self.dtype} at {said_threads(self.threads)}"


class Verified(Struct, frozen=True):
    """Pairs of projected and measured by setting, and whether all that was planned was run."""

    pairs: dict[Setting, list[Pair]]
    complete: bool

    @property
    def all_pairs(self) -> list[Pair]:
        """Of every setting."""
        return [pair for pairs in self.pairs.values() for pair in pairs]

    @property
    def holds(self) -> bool:
        """False where more lie outside their intervals than chance would put there."""
        return not outside_too_often(self.all_pairs)


def verify(file: Path, asked: Asked, emit: Emit, stop: Stop) -> Verified:
    """Measure in the settings of the profile's anchors, and project each model from the others'. Raises UserError."""
    profile = profile_file.load(file)
    target = target_of(profile, asked.target, file)
    wanted = settings_of(target, file)
    calibrate.refuse_other_board(target, file)
    order = replace(
        asked, runtimes=(library.RUNTIME,), threads=tuple(sorted({s.threads for s in wanted})), primitives=False
    )
    return compare(profile, target, wanted, calibrate.measure(order, target.dtypes, emit, stop), emit)


def settings_of(target: Target, file: Path) -> list[Setting]:
    """Those of the target's anchors in the library's runtime. Raises UserError where there is none."""
    groups = [g for g in target.anchors if g.runtime == library.RUNTIME and g.metric == "latency" and g.batch == 1]
    if not groups:
        what = f"{target.id} has no anchors in {library.RUNTIME}, so nothing is projected onto it"
        raise UserError(what, where=str(file), hint="tierbench profile calibrate, or tierbench profile import")
    return sorted({Setting(g.dtype, g.threads) for g in groups})


def compare(
    profile: HardwareProfile, target: Target, wanted: Iterable[Setting], found: Measured, emit: Emit
) -> Verified:
    """What was measured beside its projections; of settings that were not measured or projected, why."""
    pairs: dict[Setting, list[Pair]] = {}
    for setting in wanted:
        times = _times(found, setting)
        if not times:
            emit(Notice(f"{setting.said}: nothing valid was measured"))
            continue
        made = held_against(profile, target, library.RUNTIME, setting.dtype, setting.threads, times)
        if isinstance(made, NotProjected):
            emit(Notice(f"{setting.said}: {made.reason}"))
        elif made:
            pairs[setting] = made
    return Verified(pairs, found.complete)


def _times(found: Measured, setting: Setting) -> dict[str, float]:
    """Medians (s) by model on the CPU."""
    gathered = found.by_threads.get(setting.threads)
    return {
        found.models[workload]: times.median
        for (device, runtime, dtype, workload), times in (gathered.times if gathered else {}).items()
        if (device, runtime, dtype) == ("cpu", library.RUNTIME, setting.dtype) and workload in found.models
    }


def table(found: Verified) -> list[str]:
    """A line a model, the columns aligned."""
    rows: list[tuple[str, ...]] = [("model", "setting", "projected", "90 % interval", "measured", "ratio", "inside")]
    for setting, pairs in found.pairs.items():
        rows += [_row(setting, pair) for pair in pairs]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(setting: Setting, pair: Pair) -> tuple[str, ...]:
    interval = f"{show(pair.low, 's')} to {show(pair.high, 's')}"
    times = show(pair.projected, "s"), interval, show(pair.measured, "s")
    return (pair.model, setting.said, *times, f"{pair.ratio:.2f}", "yes" if pair.within else "no")


def sentence(found: Verified) -> str:
    """How often a measured time lies outside its interval, and whether that is too often."""
    pairs = found.all_pairs
    if not pairs:
        return "nothing could be compared"
    outside = sum(not pair.within for pair in pairs)
    verdict = "as often as it may" if found.holds else "more often than it should"
    return f"{outside} of {len(pairs)} measured times lie outside their intervals ({show_percent(DUE)} may): {verdict}"


def accuracies(found: Verified) -> list[Accuracy]:
    """As a profile states them."""
    return [
        stated(pairs, library.RUNTIME, setting.dtype, setting.threads, METHOD, today(), __version__)
        for setting, pairs in found.pairs.items()
    ]


def write(found: Verified, target: str, into: Path) -> None:
    """Put the errors into a profile, in place of earlier ones of this kind. Raises UserError."""
    text = profile_file.text_of(into)
    for one in accuracies(found):
        text = profile_file.put_groups(text, target, "accuracy", [one], again(one))
    profile_file.write(text, into)
