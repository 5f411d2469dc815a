"""Where an answer turns: the search against brute force, with oracles that are monotone, noisy or broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.capacity.search import Answer, Question, edge


def settle(question, says):
    """Ask until the search is at its end: where it ended, and the values that it tried."""
    answers = []
    while (now := edge(question, answers)).next is not None:
        answers.append(Answer(now.next, *says(now.next)))
        assert len(answers) <= 200, "it does not end"
    return now, answers


def smallest(start, step=1, least=1, most=10_000, **more):
    return Question(True, start, step, least, most, **more)


def largest(start, step=None, least=1, most=10_000, **more):
    return Question(False, start, step or start, least, most, **more)


def brute_force(question, fits):
    found = [v for v in range(question.least, question.most + 1) if fits(v)]
    return (min if question.smallest else max)(found, default=None)


NUMBERS = st.integers(1, 400)


@given(NUMBERS, NUMBERS, st.integers(1, 50), st.booleans(), st.integers(1, 3))
def test_the_turn_is_where_brute_force_finds_it(turn, start, step, least_wanted, confirmations):
    question = Question(least_wanted, start, step, 1, 400, confirmations=confirmations)

    def fits(value):
        return value >= turn if least_wanted else value <= turn

    now, answers = settle(question, lambda v: (fits(v),))
    assert now.fits == brute_force(question, fits)
    assert now.state == ("bound" if now.misfits is None else "found")
    assert sum(a.value == now.fits for a in answers) >= confirmations
    assert all(1 <= a.value <= 400 for a in answers)


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.floats(0.001, 0.2), st.booleans())
def test_it_ends_as_near_as_was_asked_in_few_tries(turn, start, precision, least_wanted):
    question = Question(least_wanted, start, max(1, start // 16), 1, 10_000, precision)
    now, answers = settle(question, lambda v: (v >= turn if least_wanted else v <= turn,))
    if now.misfits is not None:
        assert abs(now.fits - now.misfits) <= max(1, precision * now.fits)
        assert min(now.fits, now.misfits) <= turn <= max(now.fits, now.misfits)
    assert len(answers) <= 2 * 14 + 2


@given(st.randoms(use_true_random=False), NUMBERS, st.booleans(), st.integers(1, 3))
def test_whatever_is_answered_it_ends_with_a_value_that_always_fitted_and_all_easier_ones_did(
    chance, start, least_wanted, confirmations
):
    question = Question(least_wanted, start, 1, 1, 400, confirmations=confirmations)
    now, answers = settle(question, lambda _: (chance.random() < 0.5,))
    if now.state == "nowhere":
        assert now.fits is None
        return
    misfits = [a.value for a in answers if not a.fits]
    assert all(v < now.fits if least_wanted else v > now.fits for v in misfits)


def test_it_goes_out_by_doubling_and_then_halves():
    _, answers = settle(largest(1), lambda v: (v <= 11,))
    assert [a.value for a in answers] == [1, 2, 4, 8, 16, 12, 10, 11]


def test_a_start_that_does_not_fit_is_left_on_the_easier_side():
    now, answers = settle(largest(64), lambda v: (v <= 5,))
    assert [a.value for a in answers][:2] == [64, 1]
    assert (now.fits, now.misfits) == (5, 6)


def test_from_a_good_guess_a_memory_takes_a_handful_of_tries():
    now, answers = settle(smallest(1200, step=24, precision=0.01, confirmations=2), lambda v: (v >= 1190,))
    assert (now.state, len(answers)) == ("found", 4)
    assert now.misfits < 1190 <= now.fits


def test_nothing_fits():
    now, _ = settle(largest(8), lambda _: (False,))
    assert (now.state, now.fits, now.misfits) == ("nowhere", None, 1)


def test_everything_that_may_be_tried_fits():
    now, _ = settle(largest(8, most=100), lambda _: (True,))
    assert (now.state, now.fits, now.misfits) == ("bound", 100, None)


def test_what_thrashes_does_not_fit():
    """The oracle says so as a real try does: not True, with its word."""
    now, answers = settle(smallest(100, step=8), lambda v: (v >= 90, "thrashes" if 80 <= v < 90 else "does_not_fit"))
    assert now.fits == 90
    assert "thrashes" in {a.reason for a in answers if not a.fits}


@pytest.mark.parametrize("from_try", [1, 2, 5])
def test_a_try_that_says_neither_ends_the_search_with_its_reason_and_keeps_what_is_known(from_try):
    count = iter(range(1, 100))

    def says(value):
        return (value <= 11,) if next(count) < from_try else (None, "failed: IndexError: no such position")

    now, answers = settle(largest(1), says)
    assert (now.state, now.reason) == ("stopped", "failed: IndexError: no such position")
    assert len(answers) == from_try
    assert now.fits == max((a.value for a in answers if a.fits), default=None)


def test_a_value_that_does_not_fit_again_is_given_up_for_the_next_larger_one():
    tries = []

    def says(value):
        tries.append(value)
        return (value > 50 or (value == 50 and tries.count(50) == 1),)

    now, _ = settle(smallest(60, step=4, confirmations=2), says)
    assert (now.fits, now.misfits) == (51, 50)


def test_a_start_outside_what_may_be_tried_is_moved_inside():
    assert edge(smallest(5, least=10), []).next == 10
    assert edge(largest(500, most=100), []).next == 100


def test_what_was_tried_before_the_search_counts_and_the_estimate_is_tried_next():
    assert edge(largest(37, step=1), [Answer(1, True)]).next == 37
    assert edge(largest(37, step=1), [Answer(1, False, "does_not_fit")]).state == "nowhere"
