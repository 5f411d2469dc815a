"""What a validation found, and which of the issue's targets it meets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tests.projection.decisions import Right, deadlines, ordered
from tests.projection.folds import Guess
from tests.projection.summary import Line

MEDIANS = {0: 0.28, 1: 0.18, 3: 0.14, 5: 0.12}
"""At most, by number of anchors: CNN on edge CPUs, same runtime, the device left out."""
NINETIETH, DECODE, ORDERED = 0.35, 0.15, 0.97
COVERAGE = (0.85, 0.95)
WIDTH = 2.0
ENOUGH = 100
"""Of fewer guesses a share says little: they are judged over all numbers of anchors together."""

Target = tuple[str, str, bool]
CNN, LLM = "CNN on CPU, the device left out", "LLM decode on CPU, no anchor"
GPU = "GPU card in PyTorch's own operators, from its data sheet"


@dataclass(frozen=True)
class Report:
    """``device``: guesses by number of anchors; ``host``: lines of what was measured here, projected and published."""

    rows: int
    boards: int
    device: dict[int, list[Guess]]
    tables: dict[str, list[Line]]
    host: dict[str, list[Line]] = field(default_factory=dict)
    machine: str = ""

    def with_host(self, found: tuple[str, dict[str, list[Line]]]) -> Report:
        """The report with what was measured on this machine."""
        return replace(self, machine=found[0], host=found[1])

    def line(self, table: str, anchors: int) -> Line:
        """Of a table, by number of anchors."""
        return next(line for line in self.tables[table] if line.label == f"{anchors} anchors")

    def decisions(self) -> dict[int, tuple[Right, Right, Right]]:
        """By number of anchors: pairs in the right order, deadlines judged right, and those that were judged surely."""
        return {k: (ordered(g), deadlines(g, sure=False), deadlines(g, sure=True)) for k, g in self.device.items()}

    def targets(self) -> list[Target]:
        """What was asked, what was found, and whether it is met."""
        return [*self._errors(), *self._intervals(), *self._decisions(), *self._rivals()]

    def _errors(self) -> Iterator[Target]:
        for anchors, most in MEDIANS.items():
            found = self.line(CNN, anchors).median
            yield _at_most(f"median error, {anchors} anchors", found, most)
        yield _at_most("90th percentile, 5 anchors", self.line(CNN, 5).ninetieth, NINETIETH)
        yield _at_most("LLM decode, median error, no anchor", self.line(LLM, 0).median, DECODE)

    def _intervals(self) -> Iterator[Target]:
        for table, lines in self.tables.items():
            judged = [line for line in lines if line.coverage is not None]
            if judged and min(line.count for line in judged) < ENOUGH:
                judged = [_together(judged, "all devices" if table == GPU else "any number of anchors")]
            for line in judged:
                held = COVERAGE[0] <= (line.coverage or 0.0) <= COVERAGE[1]
                said = f"{100 * (line.coverage or 0.0):.1f} % of {line.count} (85 to 95)"
                yield f"90 % intervals hold: {table}, {line.label}", said, held
        width = self.line(CNN, 5).width or 0.0
        yield "width of the interval, 5 anchors", f"× {width:.2f} (at most 2.0)", width <= WIDTH

    def _decisions(self) -> Iterator[Target]:
        share = self.decisions()[5][0].share
        yield "boards 1.5 times apart in the right order, 5 anchors", f"{100 * share:.1f} % (97)", share >= ORDERED

    def _rivals(self) -> Iterator[Target]:
        for name in ("roofline", "one ratio"):
            lines = self.tables[f"For comparison: {name}"]
            better = all(self.line(CNN, int(r.label.split()[0])).median < r.median for r in lines)
            yield f"better than {name} with any number of anchors", "yes" if better else "no", better


def _together(lines: list[Line], label: str) -> Line:
    count = sum(line.count for line in lines)
    held = sum(line.count * (line.coverage or 0.0) for line in lines) / count
    return replace(lines[0], label=label, count=count, coverage=held)


def _at_most(what: str, found: float, most: float) -> Target:
    return what, f"{100 * found:.1f} % (at most {100 * most:.0f})", found <= most
