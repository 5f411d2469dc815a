"""A point that is named is taken, whether or not it is the quick one."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import selection
from harness.errors import UserError
from harness.selection import Selection

SUITE = '''
from harness import Model, Workload


class Nap(Workload):
    """Waits."""

    name = "nap"
    runtimes = ("python",)
    parameters = {"ms": (1, 2, 3)}
    quick = {"ms": 1}

    def build(self, place, ms):
        return Model(lambda: None)


class Doze(Nap):
    """Waits longer, and is in no quick selection."""

    name = "doze"
    quick = None
'''


@pytest.fixture
def include(tmp_path: Path) -> tuple[Path, ...]:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "light.py").write_text(SUITE)
    return (tmp_path,)


def ids(include: tuple[Path, ...], *names: str, quick: bool = False, matching: tuple[str, ...] = ()) -> list[str]:
    chosen, _ = selection.select(Selection(names, matching, quick=quick, include=include))
    return [choice.ref.id for choice in chosen]


def test_without_quick_every_point_or_the_named_one(include):
    assert ids(include, "light/nap") == ["light/nap[ms=1]", "light/nap[ms=2]", "light/nap[ms=3]"]
    assert ids(include, "light/nap[ms=2]") == ["light/nap[ms=2]"]


def test_quick_takes_the_quick_point_and_those_that_are_named(include):
    assert ids(include, "light", quick=True) == ["light/nap[ms=1]"]
    assert ids(include, "light/nap[ms=3]", quick=True) == ["light/nap[ms=3]"]
    assert ids(include, "light/nap[ms=1]", quick=True) == ["light/nap[ms=1]"]
    assert ids(include, "light", "light/doze[ms=2]", quick=True) == ["light/nap[ms=1]", "light/doze[ms=2]"]
    assert ids(include, "light/doze[ms=2]", quick=True, matching=("doze",)) == ["light/doze[ms=2]"]


@pytest.mark.parametrize("quick", [False, True])
def test_a_point_that_is_not_there_is_told(include, quick):
    with pytest.raises(UserError, match=r"light/nap\[ms=4\]"):
        ids(include, "light/nap[ms=4]", quick=quick)
