"""A profile that means harm is told what is wrong with it, soon, and shown without doing any.

Ten thousand mutated profiles: none of them a traceback, none of them a wait.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from profile_mutations import WHOLE, changes, mutated

from harness import profiles
from harness.errors import ContentError
from harness.profiles.files import MOST_DEFECTS

Write = Callable[..., Path]
AT_ONCE = 10
"""Profiles an example: to draw them one by one takes a third of the time."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "whole.toml"


def test_the_profile_that_is_mutated_is_sound(file: Path) -> None:
    file.write_text(WHOLE)
    assert profiles.check(file) == []


@pytest.mark.slow
@settings(
    max_examples=10_000 // AT_ONCE,
    deadline=10_000,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(changes, min_size=AT_ONCE, max_size=AT_ONCE))
def test_ten_thousand_mutated_profiles_are_told_what_is_wrong_or_load(file: Path, several: list[list[int]]) -> None:
    for made in several:
        _told_or_loaded(file, made)


def _told_or_loaded(file: Path, made: list[int]) -> None:
    text = mutated(made)
    file.write_text(text, newline="")
    found = profiles.check(file)
    for defect in found:
        assert 1 <= defect.line <= text.count("\n") + 1
        said = f"{defect.field}: {defect.message} ({defect.hint})"
        assert said.isprintable(), said
        assert len(said) < 700
    if not found:
        profile = profiles.load(file)
        assert all(profiles.calibration(profile, target).reason for target in profile.target)
        return
    if made[0] % 8 == 0:  # loading does what the check did, and takes as long
        with pytest.raises(ContentError) as caught:
            profiles.load(file)
        assert caught.value.line.startswith(f"{file}:{found[0].line}: ")


@pytest.mark.parametrize("line", ["k{} = 1\n", "[k{}]\n", "aliases{} = []\n"])
def test_of_very_many_errors_the_first_are_told_and_the_number_of_the_rest(write: Write, line: str) -> None:
    found = profiles.check(write("".join(line.format(n) for n in range(3000))))
    assert len(found) == MOST_DEFECTS + 1
    assert found[-1].message == f"{3000 + 7 - MOST_DEFECTS} more from here on"


@pytest.mark.slow
@pytest.mark.parametrize("field", ["aliases", "target"])
def test_a_list_of_very_many_is_told_in_good_time(write: Write, field: str) -> None:
    """These took the square of their number, a minute and more."""
    names = ", ".join(f'"n{n}"' for n in range(25_000))
    text = f"{field} = [{names}]\n" if field == "aliases" else f"[[target]]\nruntimes = [{names}]\n"
    assert len(profiles.check(write(text))) < 20
