from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.collect import SuiteFile

Write = Callable[..., SuiteFile]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a suite file (and siblings beside it) and hand back what discovery would."""

    def write_suite(text: str, name: str = "demo", **siblings: str) -> SuiteFile:
        folder = tmp_path / "suites"
        path = folder / f"{name}.py" if "/" not in name else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        for sibling, content in siblings.items():
            (path.parent / f"{sibling}.py").write_text(textwrap.dedent(content))
        return SuiteFile(name.partition("/")[0], path)

    return write_suite
