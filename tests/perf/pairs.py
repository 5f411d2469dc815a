"""Pairs taken in turn within one run, so that a slow minute falls on both sides; their ratios and differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from harness.stats import Summary, summarise

Taken = dict[str, list[float]]


def interleaved(takers: Mapping[str, Callable[[], float]], rounds: int) -> Taken:
    """``rounds`` values of each taker, after one that fills caches and is dropped.

    Which of them begins a round changes from round to round.
    """
    names = list(takers)
    taken: Taken = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            taken[name].append(takers[name]())
    return {name: values[1:] for name, values in taken.items()}


def differences(ours: Sequence[float], theirs: Sequence[float]) -> Summary:
    """Median of the paired differences, with the 95 % t interval over pairs."""
    return summarise([[a - b] for a, b in zip(ours, theirs, strict=True)])


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Summary:
    """Median of the paired ratios, with the 95 % t interval over their logarithms."""
    return summarise([[a / b] for a, b in zip(ours, theirs, strict=True)])


def ratios_by_process(processes: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Summary:
    """Of (ours, theirs) by process, pair by pair: a process is the unit of replication."""
    return summarise([[a / b for a, b in zip(ours, theirs, strict=True)] for ours, theirs in processes])


def percent_more(processes: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Summary:
    """By how many per cent ours exceed theirs, of (ours, theirs) by process: a process is the unit of replication."""
    found = ratios_by_process(processes)
    return replace(found, **{name: 100 * (getattr(found, name) - 1) for name in ("median", "low", "high")})
