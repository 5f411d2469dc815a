"""A profile that means harm is told what is wrong with it, soon, and shown without doing any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import profiles
from harness.profiles.files import MOST_DEFECTS

Write = Callable[..., Path]


@pytest.mark.parametrize("line", ["k{} = 1\n", "[k{}]\n", "aliases{} = []\n"])
def test_of_very_many_errors_the_first_are_told_and_the_number_of_the_rest(write: Write, line: str) -> None:
    found = profiles.check(write("".join(line.format(n) for n in range(3000))))
    assert len(found) == MOST_DEFECTS + 1
    assert found[-1].message == f"{3000 + 7 - MOST_DEFECTS} more from here on"


@pytest.mark.parametrize("field", ["aliases", "target"])
def test_a_list_of_very_many_is_told_in_good_time(write: Write, field: str) -> None:
    """These took the square of their number, a minute and more."""
    names = ", ".join(f'"n{n}"' for n in range(25_000))
    text = f"{field} = [{names}]\n" if field == "aliases" else f"[[target]]\nruntimes = [{names}]\n"
    assert len(profiles.check(write(text))) < 20
