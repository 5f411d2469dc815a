"""Our generator against MLPerf's own: the same arrivals and percentiles of the same system, the same verdicts.

LoadGen has no wheel but for x86-64; elsewhere this is skipped by name.
"""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from scipy.stats import ks_2samp

from harness.model.load import Load
from harness.scenarios.arrivals import arrivals
from harness.scenarios.server import Server
from harness.scenarios.waiting import SPIN_NS
from harness.stats import early_stopping
from harness.testing import FakeClock

pytest.importorskip("mlperf_loadgen", reason="mlcommons-loadgen has no wheel for this machine")

pytestmark = pytest.mark.alone
QPS, SEED, PERCENTILE, TARGET_NS = 100.0, 12345, 0.9, 20_000_000
MS = 1_000_000


def driven(folder: Path, scenario: str) -> dict:
    command = [sys.executable, str(Path(__file__).with_name("loadgen_run.py")), str(folder), scenario]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found: dict = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> dict:
    return driven(tmp_path_factory.mktemp("loadgen"), "Server")


def loadgens_gaps(count: int) -> list[float]:
    """What its seed gives: a Mersenne twister as C++ seeds it, two words to a fraction, an exponential of that."""
    state = [SEED]
    for k in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + k) % 2**32)
    engine = random.Random()
    engine.setstate((3, (*state, 624), None))
    draws = [(engine.getrandbits(32) + engine.getrandbits(32) * 2**32) / 2**64 for _ in range(count)]
    return [-math.log(1 - draw) / QPS for draw in draws]


def percentile(values: list[int], share: float) -> int:
    """As LoadGen counts it."""
    return sorted(values)[int(len(values) * share)]


def said(text: str, key: str) -> float:
    return float(re.search(rf'"key": "{re.escape(key)}", "value": ([0-9.]+)', text)[1])


def replayed(served: dict) -> list[float]:
    """Latencies (ns) of our server at LoadGen's arrivals, with steps that take as long as LoadGen's took."""
    clock, took = FakeClock(), iter(served["took_ns"])
    start = served["scheduled_us"][0]
    schedule = [round(1000 * (at - start)) for at in served["scheduled_us"]]

    def sleep(seconds: float) -> None:
        clock.advance(round(seconds * 1e9) + SPIN_NS)

    load = Load(target_latency_percentile=PERCENTILE, target_latency=1e3, min_query_count=len(schedule))
    server = Server(lambda: clock.advance(next(took)), load, "", lambda: _ticking(clock), sleep, lambda *_: schedule)
    return [q.latency * 1e9 for q in server.at(QPS, 10**18).queries]


def _ticking(clock: FakeClock) -> int:
    clock.advance(100)
    return clock()


def test_its_arrivals_are_the_schedule_of_its_seed_and_ours_are_of_the_same_law(served):
    found = [(b - a) / 1e6 for a, b in pairwise(served["scheduled_us"])]
    assert found == pytest.approx(loadgens_gaps(len(found)), abs=2e-8)
    ours = [(b - a) / 1e9 for a, b in pairwise(arrivals(QPS, 5000, "0:0"))]
    assert ks_2samp(found, ours).pvalue > 1e-3


def test_at_its_arrivals_our_server_has_its_percentiles(served):
    ours, theirs = replayed(served), served["latency_ns"]
    assert len(ours) == len(theirs)
    for share in (0.5, 0.9, 0.97):
        expected = percentile(theirs, share)
        assert percentile(ours, share) == pytest.approx(expected, rel=0.15, abs=2 * MS)


def test_our_percentiles_and_count_of_late_queries_are_those_of_its_log(served):
    latencies, detail = served["latency_ns"], served["detail"]
    for share in ("50.00", "90.00", "99.00"):
        assert percentile(latencies, float(share) / 100) == said(detail, f"result_{share}_percentile_latency_ns")
    over = sum(latency > TARGET_NS for latency in latencies)
    assert over == said(detail, "result_overlatency_query_count")


def test_our_verdict_is_its_verdict(served):
    over = sum(latency > TARGET_NS for latency in served["latency_ns"])
    ours = early_stopping.verdict(len(served["latency_ns"]), over, PERCENTILE)
    assert (ours == "valid") == ("Early stopping satisfied: Yes" in served["summary"])


def test_our_estimate_of_a_percentile_is_its_estimate(tmp_path):
    found = driven(tmp_path, "SingleStream")
    theirs = said(found["detail"], "early_stopping_latency_ss")
    assert early_stopping.estimate(found["latency_ns"], PERCENTILE) == theirs
