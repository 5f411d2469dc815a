"""docs/architecture.md against the code: its rooms and its exit codes."""

from __future__ import annotations

import re

from docs_pages import ROOT, blocks

from harness.errors import Exit

PAGE = ROOT / "docs/architecture.md"


def _rooms_drawn() -> set[str]:
    (drawing,) = (block for block in blocks(PAGE) if "rooms" in block.words)
    return set(re.findall(r"^  ([a-z]\w*)(?:\.py|/)", drawing.text, re.MULTILINE))


def _rooms_there() -> set[str]:
    children = (ROOT / "harness").iterdir()
    modules = {p.stem for p in children if p.suffix == ".py"}
    packages = {p.parent.name for p in (ROOT / "harness").glob("*/__init__.py")}
    return {name for name in modules | packages if not name.startswith("_")}


def test_the_picture_shows_every_room_and_none_that_is_not_there() -> None:
    assert _rooms_drawn() == _rooms_there()


def test_the_table_of_exit_codes_is_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert {(int(number), name) for number, name in rows} == {(code.value, code.name) for code in Exit}
