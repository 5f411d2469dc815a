"""The suites that come with tierbench, as far as can be told without building: `check suite` tries the rest."""

from __future__ import annotations

import pytest

from harness import collect, content
from harness.collect import SuiteFile
from harness.rehearsal import declared

BUILT_IN = [file for file in collect.discover(content.search_path()) if file.origin in {"tierbench", "project"}]


@pytest.mark.parametrize("file", BUILT_IN, ids=lambda file: file.name)
def test_a_built_in_suite_declares_nothing_wrong(file: SuiteFile) -> None:
    kinds, faults = collect.examine(file)
    assert faults + [fault for kind in kinds for fault in declared.faults(kind, file.path)] == []
