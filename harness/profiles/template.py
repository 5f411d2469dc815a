"""A new profile to fill in: what is needed stands there unfilled, what may be known beyond it as a comment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from harness.errors import UserError
from harness.model.case import HOST
from harness.profiles.fault import ID, ID_HINT, quoted

MARK = "# FILL IN"
"""Stands in every line that has to be filled in; until it is, the check tells of it."""

_HEAD = """\
# A hardware profile: one board in one power mode.
# Fill in the lines that say so, and take the '#' off what you know beyond them. Leave out what you do not know:
# a missing figure is shown as missing, and a guess is worse than none. Then `tierbench profile check` this file.
# What each field means: docs/contributing-a-profile.md.
"""


class Field(NamedTuple):
    """A text of the profile, and what to write there."""

    name: str
    hint: str
    needed: bool = False


class Blank(NamedTuple):
    """A figure of the profile: where it stands, its unit, how it is mostly found, and what it is."""

    place: str
    unit: str
    kind: str
    hint: str
    scope: str = ""


FIELDS = (
    Field("name", "as people call the board", needed=True),
    Field("tier", "sbc, edge-gpu, mini-pc, phone, laptop, cloud-cpu, cloud-gpu ...", needed=True),
    Field("soc", "such as BCM2712"),
    Field("power_mode", "such as 15W, or: as delivered, 2.4 GHz"),
    Field("cooling", "what the figures were taken with"),
    Field("firmware", "what the figures were taken with"),
    Field("driver", "what the figures were taken with"),
    Field("summary", "one sentence"),
    Field("contributor", "your name"),
)
MEMORY = (
    Blank("memory.nominal", "GiB", "datasheet", "what the board is sold with"),
    Blank("memory.usable", "KiB", "measured", "MemTotal in /proc/meminfo"),
    Blank("memory.reserve", "MiB", "measured", "used memory at rest, in `free -m`"),
)
MORE_MEMORY = (
    Blank("memory.swap", "MiB", "measured", "swap that the board is set up with"),
    Blank("memory.bandwidth_peak", "GB/s", "datasheet", "of the memory"),
    Blank("memory.bandwidth_copy_1t", "GB/s", "measured", "copy with one thread, such as tinymembench's memcpy"),
    Blank("memory.bandwidth_copy", "GB/s", "measured", "copy with all threads"),
)
OF_TARGET = (
    Blank("target.peak_fp32", "GFLOP/s", "computed", "source: cores x clock x FLOP/cycle"),
    Blank("target.thread_speedup", "1", "measured", "throughput of all cores over that of one"),
)
CLUSTER = (
    Blank("cores", "cores", "datasheet", "of one kind"),
    Blank("clock", "GHz", "datasheet", "highest in this power mode"),
    Blank("flop_per_cycle_fp32", "FLOP/cycle", "datasheet", "float32 operations of one core per cycle"),
)
REST = (
    Blank("power.idle", "W", "measured", "at rest; scope: gpu, package, module, board or wall", "wall"),
    Blank("power.load", "W", "measured", "the note names the load", "wall"),
    Blank("price", "USD", "datasheet", "give it a date for looking it up again: recheck"),
)
_ANCHORS = (
    "[[target.anchors]]  # published or measured times of known models on it; see the page",
    'runtime = ""',
    'dtype = "float32"',
    "threads = 1",
    'unit = "ms"',
    'statistic = "median"',
    'source = ""',
    'date = ""',
    'kind = "measured"',
    "values = { mobilenet_v2 = nan }",
)


MOST_LETTERS = 100


def template(identity: str, texts: Mapping[str, str]) -> str:
    """The file for a board called ``identity``; ``texts`` are fields that are known already, by their names.

    Raises UserError for a name or text that no profile can have.
    """
    _refuse_unusable(identity, texts)
    parts = [
        [_HEAD + "format = 1", f"id = {_quoted(identity)}", 'kind = "board"', *_fields(texts)],
        ["[memory]", '# type = ""  # such as LPDDR4-3200'],
        *(_figure(blank, needed=True) for blank in MEMORY),
        *(_figure(blank) for blank in MORE_MEMORY),
        ["[[target]]", 'id = "cpu"', 'device = "cpu"', f'name = ""  {MARK}: such as 4x Cortex-A76', *_of_target()],
        *(_figure(blank) for blank in OF_TARGET),
        ["# [[target.clusters]]  # cores of one kind", '# name = ""', *map(_inline, CLUSTER)],
        [f"# {line}" for line in _ANCHORS],
        *(_figure(blank) for blank in REST),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _refuse_unusable(identity: str, texts: Mapping[str, str]) -> None:
    if not ID.match(identity) or identity == HOST or len(identity) > MOST_LETTERS:
        raise UserError(f"{quoted(identity)} cannot name a profile", hint=f"at most {MOST_LETTERS} {ID_HINT}")
    for name, text in texts.items():
        if not text.isprintable():
            raise UserError(f"{name} has control or unseen characters", hint="write plain text on one line")


def _fields(texts: Mapping[str, str]) -> Iterator[str]:
    for field in FIELDS:
        if text := texts.get(field.name, ""):
            yield f"{field.name} = {_quoted(text)}"
        elif field.needed:
            yield f'{field.name} = ""  {MARK}: {field.hint}'
        else:
            yield f'# {field.name} = ""  # {field.hint}'


def _of_target() -> Sequence[str]:
    return (
        '# dtypes = ["float32"]  # data types that it computes in',
        '# isa = ["armv8.2-a", "neon"]  # instruction sets',
        '# runtimes = ["onnxruntime"]  # known to work there',
    )


def _figure(blank: Blank, needed: bool = False) -> list[str]:
    mark = f"  {MARK}" if needed else ""
    scope = [f'scope = "{blank.scope}"'] if blank.scope else []
    lines = [
        f"[{blank.place}]  # {blank.hint}",
        f"value = nan{mark}",
        f'unit = "{blank.unit}"',
        *scope,
        f'source = ""{mark and mark + ": a page, a data sheet, or how you measured it"}',
        f'date = ""{mark and mark + ": of the source or of your measurement, such as 2026-11"}',
        f'kind = "{blank.kind}"',
    ]
    return lines if needed else [f"# {line}" for line in lines]


def _inline(blank: Blank) -> str:
    fields = f'value = nan, unit = "{blank.unit}", source = "", date = "", kind = "{blank.kind}"'
    return f"# {blank.place} = {{ {fields} }}  # {blank.hint}"


def _quoted(text: str) -> str:
    """As a TOML string."""
    return json.dumps(text, ensure_ascii=False)
