"""Links as a user writes them, and the profiles they are for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness.errors import UserError
from harness.model.profile import Cluster, Figure, HardwareProfile, Memory, Network, Target
from harness.network import Link, attach, link_of, quantity


def figure(value: float, unit: str = "MiB") -> Figure:
    return Figure(value, unit, "the builder of tests", "2026", "estimated")


def profile(identity: str, tier: str = "sbc", *aliases: str) -> HardwareProfile:
    memory = Memory(figure(4096), figure(4000), figure(200))
    target = Target("cpu", "cpu", "CPU", clusters=(Cluster("all", figure(4, "cores")),))
    return HardwareProfile(1, identity, identity, "board", tier, memory, (target,), aliases)


BOARD, CLOUD, HOST = profile("pi", "sbc", "rpi"), profile("t4", "cloud-gpu"), profile("host", "host")


def links(found: HardwareProfile) -> list[tuple[float, float]]:
    return [(n.bandwidth.base, n.round_trip.base) for n in found.network if n.bandwidth and n.round_trip]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("20Mbit/s,40ms", Link(20e6, 0.04)),
        ("1Gbit/s,0.5ms", Link(1e9, 0.0005)),
        (" 2.5 Mbit/s , 1 s ", Link(2.5e6, 1.0)),
        ("1e6bit/s,0s", Link(1e6, 0.0)),
    ],
)
def test_a_link_is_bandwidth_and_round_trip(text, link):
    assert link_of(text).bandwidth == pytest.approx(link.bandwidth)
    assert link_of(text).round_trip == pytest.approx(link.round_trip)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("20Mbit/s", "'20Mbit/s' is no link (write bandwidth and round trip: 20Mbit/s,40ms)"),
        ("20Mbit,40ms", "'20Mbit' is no number with a unit (units: bit/s, Mbit/s, Gbit/s)"),
        ("20Mbit/s,40", "'40' is no number with a unit (units: s, ms, us, µs, ns)"),
        ("40ms,20Mbit/s", "'40ms' is no number with a unit (units: bit/s, Mbit/s, Gbit/s)"),
        ("0Mbit/s,40ms", "'0Mbit/s,40ms' is no link (its bandwidth must be above 0)"),
        ("1e999bit/s,40ms", "'1e999bit/s,40ms' is no link (its bandwidth must be above 0)"),
        ("1.2.3Mbit/s,40ms", "'1.2.3Mbit/s' is no number with a unit (units: bit/s, Mbit/s, Gbit/s)"),
        ("-1Mbit/s,40ms", "'-1Mbit/s' is no number with a unit (units: bit/s, Mbit/s, Gbit/s)"),
        ("", "'' is no link (write bandwidth and round trip: 20Mbit/s,40ms)"),
    ],
)
def test_a_bad_link_is_one_line_that_says_what_would_be_right(text, said):
    with pytest.raises(UserError) as caught:
        link_of(text)
    assert caught.value.line == said


@given(st.text())
def test_any_text_is_a_link_or_one_line(text):
    try:
        found: object = link_of(text)
    except UserError as error:
        found = error.line
    assert isinstance(found, Link) or "\n" not in str(found)


def test_sizes_are_read_alike():
    assert quantity("588KiB", "B") == 588 * 1024
    assert quantity("4 KB", "B") == 4000


def test_a_link_without_a_name_is_for_every_cloud_tier():
    board, cloud, other = attach([BOARD, CLOUD, profile("h100", "cloud-gpu")], ["20Mbit/s,40ms"])
    assert board.network == ()
    assert links(cloud) == links(other) == [(20e6, 0.04)]


def test_a_named_link_is_for_that_profile_by_id_or_alias():
    board, cloud, host = attach([BOARD, CLOUD, HOST], ["rpi=1Gbit/s,1ms", "host=20Mbit/s,40ms"])
    assert (links(board), links(cloud), links(host)) == ([(1e9, 0.001)], [], [(20e6, 0.04)])


def test_several_links_are_kept_beside_each_other_in_their_order():
    (cloud,) = attach([CLOUD], ["20Mbit/s,40ms", "t4=1Gbit/s,5ms"])
    assert links(cloud) == [(20e6, 0.04), (1e9, 0.005)]
    assert [n.name for n in cloud.network] == ["20 Mbit/s, 40 ms", "1 Gbit/s, 5 ms"]


def test_a_link_that_is_given_twice_is_kept_once():
    (cloud,) = attach([CLOUD], ["20Mbit/s,40ms", "t4=20Mbit/s,40ms"])
    assert links(cloud) == [(20e6, 0.04)]


def test_what_is_given_replaces_what_the_profile_states_and_says_where_it_is_from():
    stated = replace(CLOUD, network=(Network("fibre", figure(1, "Gbit/s"), figure(5, "ms")),))
    (cloud,) = attach([stated], ["20Mbit/s,40ms"])
    assert links(cloud) == [(20e6, 0.04)]
    assert cloud.network[0].bandwidth is not None
    assert cloud.network[0].bandwidth.source == "given with --link"
    assert attach([stated], []) == [stated]


def test_an_unknown_name_and_a_run_without_a_cloud_are_told():
    with pytest.raises(UserError) as caught:
        attach([BOARD, CLOUD], ["t5=20Mbit/s,40ms"])
    assert caught.value.line == "no profile of this run is called 't5' (did you mean t4?)"
    with pytest.raises(UserError) as caught:
        attach([BOARD, HOST], ["20Mbit/s,40ms"])
    assert "no profile of this run is of a cloud tier" in caught.value.line
    assert "NAME=20Mbit/s,40ms: pi, host" in caught.value.line
