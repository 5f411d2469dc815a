"""The verdict of a run in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.model.units import show_bytes
from harness.verdict.judge import Judged

_RUNTIMES = {"torch-eager": "PyTorch", "torch-compile": "torch.compile", "onnxruntime": "ONNX Runtime"}
_TRIED = ("fits", "thrashes", "does_not_fit", "timed_out", "failed")
_NAMED_TIERS = 3


def headline(judged: Sequence[Judged], tiers: Mapping[str, str]) -> str:
    """E.g. ``6 of 14 workloads fit a Raspberry Pi 5 in PyTorch; llama-1b needs 3.6 of 2 GiB.``

    ``tiers`` gives each tier its name. Boards come first; without any, it is about the machine itself.
    """
    tried = [j for j in judged if j.state in _TRIED]
    boards = [j for j in tried if j.board]
    if boards:
        return _about_boards(boards, tiers)
    return _about_host([j for j in tried if not j.board]) or "Nothing was tried."


def share(need: float, limit: float, digits: int = 2) -> str:
    """``3.6 of 2 GiB``, or both units where they differ; more digits where fewer would make them look equal."""
    while digits < 6 and need != limit and show_bytes(need, digits) == show_bytes(limit, digits):
        digits += 1
    first, second = show_bytes(need, digits), show_bytes(limit, digits)
    number, unit = first.split(" ")
    return f"{number} of {second}" if second.endswith(f" {unit}") else f"{first} of {second}"


def runtime_name(runtime: str) -> str:
    """A runtime's name for people, its id where none is known."""
    return _RUNTIMES.get(runtime, runtime)


def article(name: str) -> str:
    """The name with its article: ``a Raspberry Pi 5``, ``an NVIDIA Jetson``."""
    first = name.split(" ")[0]
    vowel = first[:1] in "AEFHILMNORSX" if first.isupper() and len(first) > 1 else first[:1].lower() in "aeio"
    return f"{'an' if vowel else 'a'} {name}"


def joined(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _about_boards(boards: Sequence[Judged], tiers: Mapping[str, str]) -> str:
    by_tier: dict[str, list[Judged]] = {}
    for j in boards:
        by_tier.setdefault(j.tier, []).append(j)
    first = _many_tiers(by_tier, tiers) if len(by_tier) > _NAMED_TIERS else _few_tiers(by_tier, tiers)
    runtimes = {j.runtime for j in boards}
    where = f" in {runtime_name(next(iter(runtimes)))}" if len(runtimes) == 1 else f" in {len(runtimes)} runtimes"
    return first + where + _worst_misfit(boards, tiers if len(by_tier) > 1 else {}) + "."


def _few_tiers(by_tier: Mapping[str, Sequence[Judged]], tiers: Mapping[str, str]) -> str:
    parts: list[str] = []
    for tier, cases in by_tier.items():
        noun = ("workload fits" if len(cases) == 1 else "workloads fit") + " " if not parts else ""
        parts.append(f"{_fitting(cases)} of {len(cases)} {noun}{article(tiers[tier])}")
    return joined(parts)


def _many_tiers(by_tier: Mapping[str, Sequence[Judged]], tiers: Mapping[str, str]) -> str:
    full = sum(_fitting(cases) == len(cases) for cases in by_tier.values())
    tightest = min(by_tier, key=lambda t: _fitting(by_tier[t]) / len(by_tier[t]))
    cases = by_tier[tightest]
    if full == len(by_tier):
        return f"All {len(by_tier)} boards hold every workload"
    return (
        f"{full or 'None'} of {len(by_tier)} boards {'holds' if full == 1 else 'hold'} every workload, "
        f"{article(tiers[tightest])} the fewest, {_fitting(cases)} of {len(cases)},"
    )


def _worst_misfit(boards: Sequence[Judged], tiers: Mapping[str, str]) -> str:
    misfits = [j for j in boards if j.state == "does_not_fit"]
    known = [j for j in misfits if j.need_bytes and j.limit_bytes and j.need_bytes > j.limit_bytes]
    if known:
        worst = max(known, key=lambda j: (j.need_bytes or 0) / (j.limit_bytes or 1))
        where = f" on the {tiers[worst.tier]}" if worst.tier in tiers else ""
        return f"; {worst.name} needs {share(worst.need_bytes or 0, worst.limit_bytes or 0)}{where}"
    if misfits and misfits[0].limit_bytes:
        return f"; {misfits[0].name} does not fit within {show_bytes(misfits[0].limit_bytes, 2)}"
    return ""


def _about_host(cases: Sequence[Judged]) -> str:
    if not cases:
        return ""
    noun = "workload" if len(cases) == 1 else "workloads"
    if _fitting(cases) == len(cases):
        return f"{'The only' if len(cases) == 1 else f'All {len(cases)}'} {noun} ran on this machine."
    bad = next(j for j in cases if j.state != "fits")
    return f"{_fitting(cases)} of {len(cases)} {noun} ran on this machine; {bad.name} {_said(bad)}."


def _said(bad: Judged) -> str:
    return {"does_not_fit": "does not fit", "thrashes": "thrashes", "timed_out": "timed out"}.get(bad.state, "failed")


def _fitting(cases: Sequence[Judged]) -> int:
    return sum(j.state == "fits" for j in cases)
