"""Two pictures for docs/projection-accuracy.md, as plain SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, log10

from tests.projection.folds import Guess
from tests.projection.summary import Line

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 60, 170, 20, 50
COLOURS = ("#0b6e4f", "#9a6700", "#8250df")
_STYLE = "<style>text{font:13px sans-serif;fill:#444}.axis{stroke:#999}.grid{stroke:#ddd}</style>"


def errors(curves: dict[str, Sequence[Line]]) -> str:
    """Median error against the number of anchors, a curve a way of projecting."""
    top = max(line.median for lines in curves.values() for line in lines) * 1.1
    counts = [int(line.label.split()[0]) for line in next(iter(curves.values()))]
    parts = [*_frame(), *_percent_grid(top), *(_text(_x(k / max(counts)), HEIGHT - 28, str(k)) for k in counts)]
    parts.append(_text(LEFT + 160, HEIGHT - 8, "models of the device measured (anchors)"))
    for (name, lines), colour in zip(curves.items(), COLOURS, strict=False):
        spots = [(_x(k / max(counts)), _y(line.median / top)) for k, line in zip(counts, lines, strict=True)]
        parts.append(_curve(spots, colour))
        parts.append(_text(spots[-1][0] + 8, spots[-1][1] + 4, name, colour))
    return _svg(f"Median error of a projected time by number of anchors: {', '.join(curves)}", parts)


def scatter(guesses: Sequence[Guess]) -> str:
    """Projected against published times, on logarithmic axes."""
    times = [exp(v) for g in guesses for v in (g.mean, g.truth)]
    low, high = log10(min(times)), log10(max(times))

    def at(log_seconds: float) -> float:
        return (log10(exp(log_seconds)) - low) / (high - low)

    parts = [*_frame(), f'<path class="axis" d="M{_x(0)},{_y(0)}L{_x(1)},{_y(1)}"/>']
    for power in range(int(low) - 1, int(high) + 2):
        if low <= power <= high:
            place = (power - low) / (high - low)
            parts += [_text(_x(place) - 12, HEIGHT - 28, _seconds(power)), _text(6, _y(place) + 4, _seconds(power))]
    dots = (f'<circle cx="{_x(at(g.truth)):.1f}" cy="{_y(at(g.mean)):.1f}" r="1.6"/>' for g in guesses)
    parts += [f'<g fill="{COLOURS[0]}" fill-opacity=".35">', *dots, "</g>"]
    parts += [_text(LEFT + 180, HEIGHT - 8, "published"), _text(LEFT + 8, TOP + 14, "projected")]
    return _svg("Projected against published times; the line is where they are equal", parts)


def _seconds(power: int) -> str:
    return f"{10**power:g} s" if power >= 0 else f"{10 ** (power + 3):g} ms"


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _frame() -> Iterable[str]:
    yield f'<path class="axis" fill="none" d="M{_x(0)},{_y(1)}V{_y(0)}H{_x(1)}"/>'


def _percent_grid(top: float) -> Iterable[str]:
    for percent in range(0, int(100 * top) + 1, 10):
        height = _y(percent / 100 / top)
        yield f'<path class="grid" d="M{_x(0)},{height:.1f}H{_x(1)}"/>'
        yield _text(10, height + 4, f"{percent} %")


def _curve(spots: Sequence[tuple[float, float]], colour: str) -> str:
    path = "L".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    return f'<path fill="none" stroke="{colour}" stroke-width="2" d="M{path}"/>'


def _text(x: float, y: float, words: str, colour: str = "#444") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" style="fill:{colour}">{words}</text>'


def _svg(title: str, parts: Iterable[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return "\n".join([head, f"<title>{title}</title>", _STYLE, *parts, "</svg>"]) + "\n"
