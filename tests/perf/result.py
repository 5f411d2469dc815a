"""What an item of `make perf` found: a figure with its interval, what it should be, and whether it is."""

from __future__ import annotations

from dataclasses import dataclass

from harness.stats import Summary


@dataclass(frozen=True)
class Result:
    """One figure in ``unit``. ``met`` is None where nothing is demanded of it; ``n`` is how often it was taken."""

    item: str
    figure: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    n: int = 1
    target: str = ""
    met: bool | None = None

    @property
    def shown(self) -> str:
        """E.g. ``41.2 ms (40.1 to 42.6, n = 20)``."""
        if self.low is None or self.high is None:
            return f"{_digits(self.value)} {self.unit}"
        return f"{_digits(self.value)} {self.unit} ({_digits(self.low)} to {_digits(self.high)}, n = {self.n})"

    @property
    def verdict(self) -> str:
        """``met``, ``not met``, or nothing."""
        return {None: "", True: "met", False: "not met"}[self.met]


def of(item: str, figure: str, summary: Summary, unit: str, scale: float = 1.0, at_most: float | None = None) -> Result:
    """A summary times ``scale`` as a result in ``unit``; ``at_most`` is compared with the median, in ``unit`` too."""
    value = summary.median * scale
    low, high = (None if end is None else end * scale for end in (summary.low, summary.high))
    if at_most is None:
        return Result(item, figure, value, unit, low, high, summary.n)
    return Result(item, figure, value, unit, low, high, summary.n, f"at most {at_most:g} {unit}", value <= at_most)


def _digits(value: float) -> str:
    """Three significant digits, and all digits before the point; a ratio near 1 gets four; counts are whole."""
    if isinstance(value, int):
        return f"{value:,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if 0.5 < abs(value) < 2 else f"{value:.3g}"
