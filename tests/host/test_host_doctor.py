import pytest

from harness import host
from harness.host import disturbances as rules
from harness.host.gpu import Tenants
from harness.model.machine import Capabilities, Environment, MeansState, MeterState

GIB = 1 << 30
QUIET = {
    "proc/loadavg": "0.05 0.01 0.00 1/99 1234\n",
    "proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 8000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
    "proc/stat": "cpu  100 0 100 9800 0 0 0 0 0 0\n",
    "sys/devices/system/cpu/online": "0-3\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
}
DAMON = "sys/kernel/mm/damon/admin/kdamonds/0"
CAPS = Capabilities(4, 8 * GIB, 0, means=(MeansState("cgroup2", None),))


def environment(**changes):
    known = {"governor": "performance", "virtualisation": "none"} | changes
    return Environment("h", "Debian", "6.1", "x86_64", "CPU", 4, 8 * GIB, "3.11", "0.1", {}, **known)


@pytest.fixture
def codes(machine):
    """The codes of what is said of a machine; its GPUs are left out, since NVML has no files to stand in for."""
    checks = tuple(c for c in rules.CHECKS if c is not rules.gpu_tenants)

    def run(tree=(), caps=CAPS, **changes):
        findings = host.doctor(caps, environment(**changes), machine(QUIET | dict(tree)), checks)
        assert all(f.message and f.level in {"info", "warning"} for f in findings)
        return [f.code for f in findings]

    return run


def test_a_quiet_machine_has_nothing_that_disturbs(codes):
    assert codes() == []


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        ({"proc/loadavg": "1.50 1 1 1/9 9\n"}, "load"),
        ({"proc/stat": "cpu  100 0 100 9000 0 0 0 800 0 0\n"}, "steal"),
        ({"proc/meminfo": "MemTotal: 800 kB\nMemAvailable: 700 kB\nSwapTotal: 99 kB\nSwapFree: 9 kB\n"}, "swap"),
        ({"proc/meminfo": "MemTotal: 800 kB\nMemAvailable: 100 kB\n"}, "memory"),
        ({"sys/devices/system/cpu/intel_pstate/no_turbo": "0"}, "turbo"),
        ({"sys/devices/system/cpu/cpufreq/boost": "1"}, "turbo"),
        ({"sys/devices/system/cpu/smt/active": "1"}, "smt"),
        ({"sys/devices/system/cpu/online": "0-7"}, "affinity"),
        ({"sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n"}, "huge-pages"),
        ({f"{DAMON}/state": "on\n", f"{DAMON}/contexts/0/schemes/0/action": "pageout\n"}, "reclaiming"),
        ({"sys/module/damon_reclaim/parameters/enabled": "Y\n"}, "reclaiming"),
        ({"sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n"}, "clock-source"),
        ({"sys/class/power_supply/AC/type": "Mains\n", "sys/class/power_supply/AC/online": "0\n"}, "battery"),
        (
            {
                "proc/self/cgroup": "0::/\n",
                "proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
                "sys/fs/cgroup/cpu.max": "150000 100000\n",
            },
            "group-quota",
        ),
        (
            {
                "proc/self/cgroup": "0::/\n",
                "proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
                "sys/fs/cgroup/memory.max": "1073741824\n",
            },
            "group-memory",
        ),
    ],
)
def test_each_disturbance_is_found_alone(codes, tree, code):
    assert codes(tree) == [code]


@pytest.mark.parametrize(("state", "action"), [("off", "pageout"), ("on", "stat")])
def test_a_kernel_that_only_looks_at_memory_disturbs_nothing(codes, state, action):
    assert codes({f"{DAMON}/state": state, f"{DAMON}/contexts/0/schemes/0/action": action}) == []


def test_a_governor_that_follows_the_load(codes):
    assert codes(governor="schedutil") == ["governor"]
    assert codes(governor=None) == []


def test_a_virtual_machine(codes):
    assert codes(virtualisation="Docker container in a virtual machine (KVM)") == ["virtual-machine"]


@pytest.mark.parametrize(
    ("rlimit", "expected"), [(None, "limits are approximate"), ("not Linux", "no limit can be enforced")]
)
def test_no_control_group_says_why_and_how(rlimit, expected):
    means = (MeansState("cgroup2", "not delegated to this user"), MeansState("rlimit", rlimit))
    (found,) = rules.enforcement(None, Capabilities(4, GIB, 0, means=means), environment())
    assert expected in found.message
    assert "not delegated to this user" in found.message
    assert "root" in found.hint


def test_missing_energy_gives_every_meters_reason():
    meters = (MeterState("nvml", "no driver", ("energy",)), MeterState("rapl", "root only", ("energy",)))
    (found,) = rules.energy(None, Capabilities(4, GIB, 0, meters=meters), environment())
    assert "no driver" in found.message
    assert "root only" in found.message
    usable = (*meters[:1], MeterState("rapl", None, ("energy",)))
    assert not list(rules.energy(None, Capabilities(4, GIB, 0, meters=usable), environment()))


def test_warnings_come_before_information(codes):
    assert codes({"sys/devices/system/cpu/smt/active": "1"}, governor="powersave") == ["governor", "smt"]


@pytest.mark.parametrize(
    ("tenants", "expected"),
    [
        (Tenants(0, 100 << 20, 0, True), []),
        (Tenants(0, None, None, None), []),
        (Tenants(0, 3 * GIB, 2, True), ["gpu-tenants"]),
        (Tenants(0, 3 * GIB, None, True), ["gpu-tenants"]),
        (Tenants(1, 0, 0, False), ["gpu-persistence"]),
    ],
)
def test_what_is_said_of_a_gpu(tenants, expected):
    assert [f.code for f in rules.gpu_findings(tenants)] == expected


def test_this_machine_can_be_examined():
    caps = host.capabilities()
    assert all(f.message for f in host.doctor(caps, host.environment()))
