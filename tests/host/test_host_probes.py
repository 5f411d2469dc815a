import os
import shutil
import subprocess

import psutil
import pytest

from harness import host
from harness.host import cpu, memory, software
from harness.host.environment import fingerprint
from harness.host.files import Files
from harness.model import codec
from harness.model.machine import Capabilities, Environment, Gpu, MeansState

GIB = 1 << 30
MEMINFO = {"proc/meminfo": "MemTotal:        8388608 kB\nMemFree: 1 kB\nSwapTotal:        1024 kB\nSwapFree: 24 kB\n"}


def test_this_machine_is_seen_as_others_see_it():
    means = (MeansState("rlimit", None),)
    found = host.capabilities(means=means)
    assert found.cores == len(os.sched_getaffinity(0))
    assert 0 < found.memory_bytes <= psutil.virtual_memory().total
    assert found.swap_bytes == psutil.swap_memory().total
    assert found.means == means


def test_this_environment_can_be_written_and_read(tmp_path):
    found = host.environment(tmp_path)
    assert codec.decode(codec.encode(found), Environment) == found
    assert found.kernel == os.uname().release
    assert found.packages["msgspec"]
    assert (found.git_commit, found.git_dirty) == (None, None)


def test_capabilities_can_be_written_and_read():
    found = host.capabilities()
    assert codec.decode(codec.encode(found), Capabilities) == found


def test_the_fingerprint_is_the_same_until_the_machine_changes():
    gpu = Gpu(0, "NVIDIA A100", 80 * GIB, "555.1")
    base = fingerprint("CPU", 8, 64 * GIB, (gpu,))
    assert base == fingerprint("CPU", 8, 64 * GIB - (5 << 20), (gpu,))
    others = [
        fingerprint("CPU v2", 8, 64 * GIB, (gpu,)),
        fingerprint("CPU", 4, 64 * GIB, (gpu,)),
        fingerprint("CPU", 8, 32 * GIB, (gpu,)),
        fingerprint("CPU", 8, 64 * GIB, ()),
        fingerprint("CPU", 8, 64 * GIB, (Gpu(0, "NVIDIA A100", 80 * GIB, "560.0"),)),
    ]
    assert len({base, *others}) == 6


def test_memory_is_the_machines_without_a_group(machine):
    files = machine(MEMINFO)
    assert memory.total_bytes(files) == 8 * GIB
    assert memory.swap_bytes(files) == 1 << 20
    assert memory.group_limit(files) is None


@pytest.mark.parametrize(
    "tree",
    [
        {
            "proc/self/cgroup": "0::/user.slice/app\n",
            "proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n",
            "sys/fs/cgroup/user.slice/app/memory.max": "max\n",
            "sys/fs/cgroup/user.slice/memory.max": f"{2 * GIB}\n",
        },
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc\n",
            "proc/mounts": "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ntmpfs /tmp tmpfs rw 0 0\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2 * GIB}\n",
        },
    ],
)
def test_memory_is_the_groups_where_that_is_less(machine, tree):
    assert memory.total_bytes(machine(MEMINFO | tree)) == 2 * GIB


def test_no_limit_in_v1_is_a_number_beyond_all_memory(machine):
    tree = {
        "proc/self/cgroup": "4:memory:/\n",
        "proc/mounts": "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    assert memory.group_limit(machine(MEMINFO | tree)) is None


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"proc/cpuinfo": "processor : 0\nmodel name\t: AMD EPYC 9R14\n\nmodel name\t: other\n"}, "AMD EPYC 9R14"),
        (
            {
                "proc/cpuinfo": "processor : 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n",
                "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
            },
            "Arm Cortex-A76 (Raspberry Pi 5 Model B Rev 1.0)",
        ),
        ({"proc/cpuinfo": "CPU implementer : 0x99\nCPU part : 0x1\n"}, f"{os.uname().machine} CPU"),
    ],
)
def test_the_name_of_the_cpu(machine, tree, expected):
    assert cpu.name(machine(tree)) == expected


def test_the_governor_names_all_there_are(machine):
    base = "sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor"
    files = machine({base.format(0): "powersave\n", base.format(1): "powersave\n", base.format(4): "schedutil\n"})
    assert cpu.governor(files) == "powersave/schedutil"


def test_what_the_kernel_does_not_say_is_unknown(machine):
    files = machine({})
    found = [cpu.governor(files), cpu.turbo(files), cpu.smt(files), cpu.online(files), cpu.quota(files)]
    assert found == [None] * 5
    assert software.virtualisation(files) is None


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("intel_pstate/no_turbo", "0", True),
        ("intel_pstate/no_turbo", "1", False),
        ("cpufreq/boost", "1", True),
        ("cpufreq/boost", "0", False),
    ],
)
def test_turbo(machine, path, text, expected):
    assert cpu.turbo(machine({f"sys/devices/system/cpu/{path}": text})) is expected


def test_online_cores(machine):
    assert cpu.online(machine({"sys/devices/system/cpu/online": "0-3,6,8-9\n"})) == 7


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (
            {
                "proc/self/cgroup": "0::/\n",
                "proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
                "sys/fs/cgroup/cpu.max": "150000 100000\n",
            },
            1.5,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu,cpuacct:/x\n",
                "proc/mounts": "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu,cpuacct 0 0\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            },
            0.5,
        ),
    ],
)
def test_a_quota_is_found(machine, tree, expected):
    assert cpu.quota(machine(tree)) == expected


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"proc/cpuinfo": "flags : fpu sse2\n"}, "none"),
        ({"proc/cpuinfo": "flags : fpu hypervisor\n"}, "virtual machine"),
        (
            {"proc/cpuinfo": "flags : fpu hypervisor\n", "sys/class/dmi/id/sys_vendor": "QEMU\n"},
            "virtual machine (QEMU)",
        ),
        ({"proc/cpuinfo": "flags : fpu hypervisor\n", ".dockerenv": ""}, "Docker container in a virtual machine"),
        ({"proc/cpuinfo": "flags : fpu\n", "run/.containerenv": ""}, "Podman container"),
    ],
)
def test_virtualisation(machine, tree, expected):
    assert software.virtualisation(machine(tree)) == expected


def test_the_system_names_its_distribution(machine):
    assert software.system(machine({"etc/os-release": 'NAME="x"\nPRETTY_NAME="Debian 12"\n'})) == "Debian 12"
    assert software.system(machine({"proc/cpuinfo": ""})) in {"Debian 12", "Linux"}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_of_a_directory(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    (tmp_path / "file").write_text("one")
    git("init", "-q")
    git("add", "file")
    git("commit", "-q", "-m", "first")
    commit, dirty = software.commit(tmp_path)
    assert len(commit) == 40
    assert dirty is False
    (tmp_path / "file").write_text("two")
    assert software.commit(tmp_path) == (commit, True)


def test_a_file_that_is_not_a_number_is_unknown(machine):
    assert machine({"a": "max\n"}).number("a") is None
    assert Files().number("proc/nowhere") is None
