"""Payloads over a link that is there, against the formula; and what is left of it: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness import link
from harness.errors import MachineError, UnknownName, UserError
from harness.link.means import FASTEST, choose
from harness.network import CONNECTIONS, Link, Payload

pytestmark = [pytest.mark.slow, pytest.mark.alone]

LINKS = (Link(20e6, 0.040), Link(50e6, 0.080))
PAYLOADS = (Payload(100_000, 4_000), Payload(2_000, 600_000))
WITHIN = 0.10
ATTEMPTS = 3
"""A busy machine delays packets, so the best of so many medians counts: a wrong formula would be off in each."""


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: f"{p.sent}-{p.returned}")
@pytest.mark.parametrize("over", LINKS, ids=lambda x: f"{x.bandwidth / 1e6:g}Mbit-{x.round_trip * 1e3:g}ms")
def test_the_formula_agrees_with_what_is_measured(means, over, payload):
    differences: dict[str, list[float]] = {connection: [] for connection in CONNECTIONS}
    for _ in range(ATTEMPTS):
        measured = link.measure(over, payload, tries=7)
        assert len(measured.times.kept) == len(measured.times.new) == 7
        for connection in CONNECTIONS:
            differences[connection].append(measured.difference(connection))
        if all(abs(min(found, key=abs)) < WITHIN for found in differences.values()):
            return
    pytest.fail(f"off by {differences} on {over} with {payload}")


def test_no_exchange_is_faster_than_the_formula_says(means):
    measured = link.measure(LINKS[0], PAYLOADS[0], tries=7)
    for connection in CONNECTIONS:
        assert min(measured.samples(connection)) > 0.98 * measured.formula(connection)


def test_the_congestion_control_is_one_that_starts_as_the_formula_does(means):
    assert link.measure(Link(100e6, 0.01), Payload(10, 10), tries=1).times.congestion in {"cubic", "reno"}


def test_the_machines_own_network_is_untouched(means):
    before = _own_network()
    link.measure(Link(100e6, 0.01), Payload(10, 10), tries=1)
    assert _own_network() == before


def _own_network() -> tuple[str, str, bool]:
    devices = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout
    keeps = Path("/proc/sys/net/ipv4/tcp_no_metrics_save").read_text()
    return devices, keeps, Path("/run/netns").exists() and any(Path("/run/netns").iterdir())


@pytest.mark.parametrize("victim", ["harness", "between"])
def test_a_kill_leaves_no_process_and_so_no_namespace(means, victim):
    code = (
        "from harness import link; from harness.network import Link, Payload; "
        "link.measure(Link(1e6, 0.2), Payload(100_000, 100_000), 50)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as harness:
        family = _family(harness.pid, size=3)
        os.kill(harness.pid if victim == "harness" else family[0].pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=20)
        assert not alive
        harness.kill()


def _family(pid: int, size: int) -> list[psutil.Process]:
    """The process between and both ends, once they all run."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = psutil.Process(pid).children(recursive=True)
        if len(found) == size and all("harness.link" in _command(p) for p in found):
            return found
        time.sleep(0.02)
    raise AssertionError("the processes did not come up")


def _command(process: psutil.Process) -> str:
    """Empty for one that has ended: setting the link up takes processes that come and go."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_a_process_that_has_ended_has_no_command():
    with subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE) as ended:
        ended.stdout.read()
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert _command(psutil.Process(ended.pid)) == ""


def test_what_cannot_be_sent_or_would_take_too_long_is_told_before_anything_starts():
    with pytest.raises(UserError, match="a message without a byte cannot be sent"):
        link.measure(LINKS[0], Payload(0, 10), tries=1)
    with pytest.raises(UserError, match=r"100 tries would take .* \(at most 600 s: fewer tries or bytes\)"):
        link.measure(Link(1e6, 0.04), Payload(10_000_000, 10), tries=100)


def test_an_unknown_means_and_a_link_too_fast_for_userspace_are_told(means):
    with pytest.raises(UnknownName):
        choose(1e6, "pigeon")
    with pytest.raises(MachineError, match=r"unsupported: .*userspace: carries 200 Mbit/s at most"):
        choose(2 * FASTEST, "userspace")


def test_without_root_it_is_unsupported_with_the_reason(means):
    os.seteuid(65534)
    try:
        reasons = [state.reason for state in link.states()]
        with pytest.raises(MachineError, match=r"unsupported: .*netem: network namespaces need root"):
            choose(1e6)
    finally:
        os.seteuid(0)
    assert reasons == ["network namespaces need root"] * 2
