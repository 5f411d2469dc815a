"""cgroup v2 and systemd scopes for real, in a virtual machine: as root and as a user, delegated and not."""

from __future__ import annotations

from typing import Any

import pytest

MIB = 1 << 20
CAP = 40 * MIB
BY_SITUATION = {
    "bare-root": ("cgroup2", 0),
    "service-root": ("systemd-scope", 0),
    "delegated-root": ("cgroup2", 0),
    "session-user": ("systemd-scope", 1000),
    "delegated-user": ("cgroup2", 1000),
}

pytestmark = [pytest.mark.vm, pytest.mark.timeout(600)]


@pytest.fixture(params=list(BY_SITUATION))
def report(request: pytest.FixtureRequest, reports: dict[str, dict[str, Any]]) -> dict[str, Any]:
    assert request.param in reports, f"no report of {request.param}, only of {sorted(reports)}"
    return reports[request.param]


def test_the_best_means_is_found_and_used(report: dict[str, Any]) -> None:
    means, uid = BY_SITUATION[report["situation"]]
    assert report["uid"] == uid
    assert report["states"][means] is None, report["states"]
    assert report["states"]["cgroup1"] is not None
    assert report["opened"]["means"] == means
    assert report["opened"]["prefix"] == (means == "systemd-scope")


def test_limits_are_read_back(report: dict[str, Any]) -> None:
    enforced = {e["limit"]: e for e in report["opened"]["enforced"]}
    assert {k: (e["asked"], e["given"]) for k, e in enforced.items()} == {
        "memory": (CAP, CAP),
        "swap": (0, 0),
        "cores": (4, 2),
        "threads": (4, 2),
    }
    assert enforced["cores"]["note"] == "asked 4 cores, this machine gives 2"


def test_out_of_memory_is_counted(report: dict[str, Any]) -> None:
    oom = report["oom"]
    assert (oom["code"], oom["status"]) == (-9, "")
    assert oom["usage"]["oom_kills"] == 1
    assert oom["usage"]["at_limit"] >= 1
    assert 0.98 * CAP <= oom["usage"]["peak_bytes"] <= CAP


def test_a_worker_out_of_memory_is_counted_though_its_parent_exits_0(report: dict[str, Any]) -> None:
    worker = report["worker_oom"]
    assert (worker["code"], worker["printed"], worker["usage"]["oom_kills"]) == (0, ["well"], 1)


def test_another_kill_is_no_oom_kill(report: dict[str, Any]) -> None:
    assert (report["other_kill"]["code"], report["other_kill"]["usage"]["oom_kills"]) == (-9, 0)


def test_an_unlimited_trial_has_its_peak_and_its_own_pid(report: dict[str, Any]) -> None:
    unlimited = report["unlimited"]
    assert unlimited["code"] == 0
    pid, _, _ = unlimited["printed"]
    assert pid == str(unlimited["pid"])
    assert 24 * MIB <= unlimited["usage"]["peak_bytes"] < 50 * MIB
    assert unlimited["usage"]["oom_kills"] == 0
    assert unlimited["usage"]["user_seconds"] > 0
    assert unlimited["major_faults"] >= 0


def test_swap_is_part_of_the_limit(report: dict[str, Any]) -> None:
    """The same program with the same limit on memory ends where no swap is allowed, and lives where it is."""
    assert (report["oom"]["code"], report["oom"]["usage"]["oom_kills"]) == (-9, 1)
    assert (report["with_swap"]["code"], report["with_swap"]["usage"]["oom_kills"]) == (0, 0)


def test_the_trial_reads_its_own_peak_and_resets_it_where_the_kernel_can(report: dict[str, Any]) -> None:
    version = tuple(int(part) for part in report["kernel"].split(".")[:2])
    assert report["opened"]["reset"] == ("descriptor" if version >= (6, 12) else None)
    assert report["unlimited"]["code"] == 0
    before, after = (int(figure) for figure in report["unlimited"]["printed"][1:])
    assert before >= 24 * MIB
    assert after < before - 20 * MIB


def test_the_status_descriptor_reaches_through_the_prefix(report: dict[str, Any]) -> None:
    failed = report["stub_error"]
    assert failed["code"] == 127
    assert "sched_setaffinity" in failed["status"]


def test_kill_leaves_no_process(report: dict[str, Any]) -> None:
    assert report["killed"] == {"inside": 2, "expected": 2, "alive": []}


def test_sweep_spares_the_living_and_removes_what_the_dead_left(report: dict[str, Any]) -> None:
    swept = report["swept"]
    assert swept["spared"] == []
    assert swept["alive_before"] >= 1
    assert [sentence for sentence in swept["said"] if "of a dead run" in sentence and "killed" in sentence]
    assert (swept["exists"], swept["alive"]) == (False, [])
    assert report["left"] == []
