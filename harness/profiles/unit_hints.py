"""What a unit that there is not may have meant: a hint never names another quantity than the one that was written."""

from __future__ import annotations

import re

from harness.model.units import FACTORS

_PREFIXES = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_BASES = {
    "B": "B", "byte": "B", "bytes": "B", "Byte": "B", "Bytes": "B", "b": "bit", "bit": "bit", "bits": "bit",
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "W": "W", "watt": "W", "watts": "W", "Watt": "W",
    "J": "J", "Hz": "Hz", "B/s": "B/s", "Bps": "B/s", "B/sec": "B/s", "bit/s": "bit/s", "b/s": "bit/s", "bps": "bit/s",
    "bits/s": "bit/s", "FLOP/s": "FLOP/s", "FLOPS": "FLOP/s", "FLOPs": "FLOP/s", "FLOPs/s": "FLOP/s", "flops": "FLOP/s",
    "Flop/s": "FLOP/s", "OP/s": "OP/s", "OPS": "OP/s", "OPs": "OP/s", "OPs/s": "OP/s", "ops": "OP/s",
    "token/s": "token/s", "tokens/s": "token/s", "tok/s": "token/s", "t/s": "token/s", "FLOP/cycle": "FLOP/cycle",
    "FLOPs/cycle": "FLOP/cycle", "core": "cores", "cores": "cores",
}  # fmt: skip
"""Ways in which units are written elsewhere, and the base unit that each means."""
_MEANING = re.compile(f"({'|'.join(sorted(_PREFIXES, key=len, reverse=True))})(.+)")
_WHOLE_WORDS = {
    "milli": "m",
    "micro": "u",
    "kilo": "k",
    "mega": "M",
    "giga": "G",
    "kibi": "Ki",
    "mebi": "Mi",
    "gibi": "Gi",
}
_NOT_BYTES_OR_BITS = re.compile(r"[kmgt]?b(/s|ps)?\Z", re.IGNORECASE)
_MEMINFO = "KiB, which /proc/meminfo calls kB: 1024 bytes; KB are 1000"


def unit_hint(wrong: str, right: list[str]) -> str:
    """The unit of ``right`` that means what ``wrong`` does, spelt otherwise; else all of them."""
    otherwise = "one of " + ", ".join(right)
    if wrong in {"kB", "kb", "Kb"} and "KiB" in right:
        return f"{_MEMINFO}; {otherwise}"
    meant = _meaning(wrong)
    if meant is None and not _NOT_BYTES_OR_BITS.match(wrong) and wrong in {wrong.lower(), wrong.upper()}:
        same = [unit for unit in right if unit.casefold() == wrong.casefold()]
    else:
        same = [unit for unit in right if meant == FACTORS.get(unit)]
    return f"did you mean {same[0]}?" if same else otherwise


def _meaning(text: str) -> tuple[str, float] | None:
    """Base unit and factor of a unit whose letters are taken for what they are, big or small; None for no unit."""
    for word, prefix in _WHOLE_WORDS.items():
        if text.casefold().startswith(word):
            text = prefix + text[len(word) :].lower()
    if text in _BASES:
        return _BASES[text], 1
    found = _MEANING.match(text)
    return (_BASES[found[2]], _PREFIXES[found[1]]) if found and found[2] in _BASES else None
