"""Cloud or edge: end to end over a link, and from which round trip on the edge is faster, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace
from sample_runs import Work, board, figure, make_run

from harness.model.estimate import Estimate
from harness.model.profile import HardwareProfile, Network
from harness.model.record import Run
from harness.model.units import GIB, MIB
from harness.network import Link, Payload, attach, exchange
from harness.view import ReportView, build
from harness.view.remote import CloudOrEdge, LinkRow

PHOTO = Work("mobilenet-v2", seconds=0.3)
PI, CLOUD = board("pi", "Raspberry Pi 5 (4 GB)", 4 * GIB), replace(board("h100", "H100", 64 * GIB), tier="cloud-gpu")
CASE = "synthetic/mobilenet-v2[batch=1]@{}:cpu/torch-eager/float32/single_stream"
PAYLOAD = Payload(602_112, 4_000)
TIMES = {"pi": Estimate(0.5, 0.4, 0.7), "h100": Estimate(0.002, 0.001, 0.004)}


def run_of(works: Sequence[Work] = (PHOTO,), links: Sequence[str] = ("h100=20Mbit/s,40ms",)) -> Run:
    run = make_run(works, [PI, CLOUD])
    profiles = tuple(attach([*run.manifest.profiles, host()], links))
    return replace(run, manifest=replace(run.manifest, profiles=profiles))


def host() -> HardwareProfile:
    return replace(board("host", "This machine", 16 * GIB), kind="host", tier="host")


def seen(run: Run, times: Mapping[str, Estimate] = TIMES) -> ReportView:
    return build(run, {CASE.format(tier): estimate for tier, estimate in times.items()})


def section(run: Run, times: Mapping[str, Estimate] = TIMES) -> CloudOrEdge:
    found = seen(run, times).cloud
    assert found is not None
    return found


def row(run: Run, times: Mapping[str, Estimate] = TIMES) -> LinkRow:
    (only,) = section(run, times).rows
    return only


def test_a_run_without_a_remote_tier_has_no_such_section():
    assert build(make_run()).cloud is None


def test_end_to_end_is_computing_plus_the_network_and_is_projected():
    view = seen(run_of())
    assert view.cloud is not None
    (only,) = view.cloud.rows
    assert (only.tier, only.link, only.payload) == ("H100", "20 Mbit/s, 40 ms", "588 KiB there, 3.91 KiB back")
    assert (only.computing, only.provenance) == ("about 2 ms (1 ms to 4 ms)", "projected")
    assert only.kept.text.startswith("about 293 ms")
    assert only.kept.parts == "2 ms computing, 291 ms on the link"
    assert only.new.text.startswith("about 413 ms")


def test_a_time_that_is_no_more_than_an_order_of_magnitude_says_so():
    rough = {**TIMES, "h100": replace(TIMES["h100"], basis="order of magnitude")}
    assert row(run_of(), rough).caveat == "an order of magnitude"
    assert row(run_of()).caveat == ""


def test_its_interval_is_that_of_computing_shifted_by_the_network():
    (kept, new) = [d for d in seen(run_of()).data if d.metric == "end_to_end"]
    taken = exchange(PAYLOAD, Link(20e6, 0.04), "kept").seconds
    assert kept.value == pytest.approx(0.002 + taken)
    assert (kept.low, kept.high) == (pytest.approx(0.001 + taken), pytest.approx(0.004 + taken))
    assert (kept.tier, kept.provenance, kept.marks) == ("h100:cpu", "projected", "20 Mbit/s, 40 ms, kept")
    assert (kept.note, new.marks) == ("2 ms computing, 291 ms on the link", "20 Mbit/s, 40 ms, new")


def test_a_sentence_says_above_which_round_trip_the_edge_is_faster():
    pi = next(a for a in row(run_of()).answers if "Raspberry" in a)
    assert pi == (
        "The Raspberry Pi 5 (about 500 ms) beats the H100 in the cloud above about 247 ms (145 to 448 ms) of round "
        "trip, on new connections above about 55.7 ms (37 to 89 ms)"
    )


def test_this_host_is_set_against_the_cloud_with_its_measured_time():
    (own,) = (a for a in row(run_of()).answers if "This host" in a)
    assert own.startswith("This host's CPU (30")
    assert "beats the H100 in the cloud above about 4" in own


def test_a_single_sample_takes_its_range_from_the_cloud_alone():
    once = Work("mobilenet-v2", seconds=0.3, rounds=1)
    run = run_of([once])
    kept = [r for r in run.records if not (r.trial.role == "timing" and r.trial.replicate)]
    (own,) = (a for a in row(replace(run, records=tuple(kept))).answers if "This host" in a)
    assert re.search(r"above about 4\d\.?\d* ms \(4\d to 4\d ms\) of round trip", own), own


def test_where_the_cloud_can_never_win_it_says_why():
    slow = {**TIMES, "h100": Estimate(0.6, 0.5, 0.7)}
    assert any(
        a.endswith("most likely at any round trip, at the latest above 200 ms: it computes no slower")
        for a in row(run_of(links=["1000Gbit/s,40ms"]), slow).answers
    )
    sure = {**TIMES, "h100": Estimate(0.9, 0.8, 1.0)}
    assert any(a.endswith("in the cloud at any round trip: it computes no slower") for a in row(run_of(), sure).answers)
    narrow = run_of(links=["5Mbit/s,40ms"])
    assert any(
        a.endswith("at any round trip: without distance, computing 2 ms and 592 KiB at 5 Mbit/s take 1.01 s")
        for a in row(narrow).answers
        if "Pi" in a
    )


def test_an_edge_that_cannot_hold_the_workload_is_named_and_not_compared():
    large = Work("mobilenet-v2", weights=6000 * MIB)
    assert "The Raspberry Pi 5 cannot hold it" in row(run_of([large])).answers


def test_a_tier_without_a_time_is_not_compared_and_a_note_names_it():
    found = section(run_of(), {"h100": TIMES["h100"]})
    assert not any("Raspberry" in a for a in found.rows[0].answers)
    assert "No time is known for Raspberry Pi 5, which cannot be set against the cloud." in found.notes
    assert "without compression" in found.notes[0]


def test_a_measured_time_of_this_host_counts_where_it_is_the_remote_one():
    only = row(run_of(links=["host=20Mbit/s,40ms"]))
    assert (only.tier, only.provenance) == ("Host CPU", "measured")
    assert only.kept.text.startswith("about 59")
    assert any("beats this host's CPU in the cloud" in a for a in only.answers)
    assert not any("This host's CPU (" in a for a in only.answers), "it is not at hand too"


def test_each_link_has_its_row():
    rows = section(run_of(links=["20Mbit/s,40ms", "1Gbit/s,5ms"])).rows
    assert [r.link for r in rows] == ["20 Mbit/s, 40 ms", "1 Gbit/s, 5 ms"]


def test_two_links_of_one_name_are_told_apart():
    run = run_of()
    slow, fast = (Network("wan", figure(mbit, "Mbit/s"), figure(40, "ms")) for mbit in (20, 1000))
    profiles = tuple(replace(p, network=(slow, fast)) if p.id == "h100" else p for p in run.manifest.profiles)
    rows = section(replace(run, manifest=replace(run.manifest, profiles=profiles))).rows
    assert [r.kept.text for r in rows] == ["about 293 ms", "about 47 ms"]


def linked(link: Network) -> Run:
    run = run_of()
    profiles = tuple(replace(p, network=(link,)) if p.id == "h100" else p for p in run.manifest.profiles)
    return replace(run, manifest=replace(run.manifest, profiles=profiles))


def test_a_bandwidth_without_a_round_trip_makes_no_tier_remote():
    assert seen(linked(Network("Ethernet", figure(942, "Mbit/s")))).cloud is None


def test_a_link_without_a_bandwidth_says_so():
    found = section(linked(Network("satellite", None, figure(600, "ms"))))
    assert found.missing == "Nothing can be said of H100 over a link: no bandwidth is stated."


@pytest.mark.parametrize(
    ("works", "times", "why"),
    [
        ((PHOTO,), {}, "no time is known, neither measured nor projected"),
        ((Work("mobilenet-v2", payload=None),), TIMES, "no memory trial has said how many bytes go there and back"),
    ],
)
def test_without_a_time_or_a_payload_there_is_one_sentence_that_says_so(works, times, why):
    found = section(run_of(works), times)
    assert found.rows == ()
    assert found.missing == f"Nothing can be said of H100 over a link: {why}."


def test_a_deadline_of_a_remote_tier_is_held_against_its_time_end_to_end():
    view = seen(run_of([Work("mobilenet-v2", deadline=0.1)]))
    cells = {view.matrix.tiers[c.tier].id: c for c in view.matrix.rows[0].cells if c}
    cloud = cells["h100:cpu"]
    assert cloud.figures["latency"].text == "about 2 ms", "the table's own figure is what it computes"
    assert cloud.deadline is not None
    assert cloud.deadline.state == "missed"
    assert cloud.remarks == ("end to end over 20 Mbit/s, 40 ms, kept connection: about 293 ms",)
    assert not cells["pi:cpu"].remarks


@pytest.mark.parametrize(
    ("deadline", "words"), [(0.1, "almost surely misses 100 ms"), (0.293, "50 % likely within 293 ms")]
)
def test_how_likely_a_deadline_is_kept_counts_the_network_too(deadline, words):
    left = 0.293 - exchange(PAYLOAD, Link(20e6, 0.04), "kept").seconds
    times = {**TIMES, "h100": replace(TIMES["h100"], seconds=left, deviation=0.3)}
    view = seen(run_of([Work("mobilenet-v2", deadline=deadline)]), times)
    (cloud,) = (c for c in view.matrix.rows[0].cells if c and c.case == CASE.format("h100"))
    assert cloud.deadline is not None
    assert cloud.deadline.text == words
