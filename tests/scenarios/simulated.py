"""How far the search for the largest rate is off, where the true rate is known: `python tests/scenarios/simulated.py`.

Makes the figures that docs/how-it-measures.md gives of it. It takes half a minute.
"""

from __future__ import annotations

from statistics import median

from queues import Queue, largest_rate

from harness.model.load import Load

STEP, SEARCHES = 0.01, 40


def off(deadline_steps: float) -> list[float]:
    """Rates found over the true rate, sorted; 0 where none was found."""
    deadline = deadline_steps * STEP
    load = Load(target_latency=deadline, min_query_count=662, max_duration=1e6)
    truth = largest_rate(deadline, STEP, load.target_latency_percentile)
    brackets = [Queue(STEP).server(load, f"1:{k}").measure(STEP * 1e9).bracket for k in range(SEARCHES)]
    return sorted((bracket.kept or 0.0) / truth for bracket in brackets if bracket)


if __name__ == "__main__":
    for steps in (2.5, 5, 10, 20):
        found = off(steps)
        print(f"deadline {steps:g} steps: {median(found):.2f}, 9 in 10 from {found[2]:.2f} to {found[-3]:.2f}")  # noqa: T201 - its output
