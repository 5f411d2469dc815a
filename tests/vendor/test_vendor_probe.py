"""What boards tell, from files made by hand, and what this machine tells, from its own."""

from __future__ import annotations

import os
import tomllib
from types import SimpleNamespace

import pytest
from vendor import boards

from harness import profiles
from harness.errors import UserError
from harness.host import board
from harness.host.files import Files
from harness.vendor import filling, probe


class Replay:
    """Answers NVML calls from a table, as a driver with one GPU would; what is not in it is not supported."""

    class NVMLError(Exception):
        pass

    def __init__(self, **answers):
        self.answers = {"nvmlInit": None, "nvmlShutdown": None, "nvmlDeviceGetCount": 1, **answers}

    def __getattr__(self, call):
        def ask(*arguments):
            if call not in self.answers:
                raise self.NVMLError("Not Supported")
            return self.answers[call]

        return ask


@pytest.fixture
def machine(tmp_path):
    def build(tree):
        root = tmp_path / "root"
        for path, text in tree.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return Files(root)

    return build


def test_a_board_with_four_cores(machine):
    found = probe.probe("hand-made", machine(boards.FOUR_CORES))
    (cpu,) = found.profile.target
    (cluster,) = cpu.clusters
    assert (cluster.name, cluster.cores.base, cluster.clock.base) == ("Cortex-A76", 4, 2.4e9)
    assert (cpu.name, cpu.isa) == ("4x Cortex-A76", ("aarch64", "neon", "fp16", "dotprod"))
    assert cpu.dtypes == ("float32", "float64", "float16", "int8")
    assert (found.profile.name, found.profile.soc, found.profile.tier) == ("Hand-made board Model 5", "bcm2712", "sbc")
    assert found.profile.power_mode == "governor ondemand"
    assert found.profile.summary == "Debian GNU/Linux 12 (bookworm), kernel 6.6.20-hand-made"
    assert found.seen[0] == "thermal zones: cpu-thermal 48.8 °C"


def test_its_memory_is_told_with_its_source_and_what_is_not_told_is_noted(machine):
    memory = probe.probe("hand-made", machine(boards.FOUR_CORES)).profile.memory
    assert (memory.usable.base, memory.swap.base) == (4147200 * 1024, 102400 * 1024)
    assert (memory.usable.source, memory.usable.kind) == ("probed: MemTotal in /proc/meminfo", "measured")
    assert "does not say what is fitted" in memory.nominal.note
    assert memory.bandwidth_copy is None


def test_cores_of_two_kinds_and_three_clocks_are_three_clusters(machine):
    clusters = probe.probe("hand-made", machine(boards.TWO_KINDS)).profile.target[0].clusters
    assert [(c.name, c.cores.base, c.clock.base) for c in clusters] == [
        ("Cortex-A55", 4, 1.8e9),
        ("Cortex-A76", 2, 2.256e9),
        ("Cortex-A76", 2, 2.304e9),
    ]


def test_a_jetson_tells_its_release_its_power_mode_and_its_gpu(machine):
    nvml = Replay(nvmlDeviceGetHandleByIndex="h", nvmlDeviceGetName="Orin", nvmlSystemGetDriverVersion="540.4.0")
    profile = probe.probe("hand-made", machine(boards.JETSON), nvml).profile
    assert profile.firmware == "R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic"
    assert (profile.power_mode, profile.driver) == ("nvpmodel pmode:0000", "NVIDIA 540.4.0")
    cpu, gpu = profile.target
    assert (gpu.id, gpu.name, gpu.memory) == ("gpu", "Orin", None)
    assert cpu.clusters[0].clock is None


def test_a_gpu_with_memory_of_its_own(machine):
    nvml = Replay(
        nvmlDeviceGetHandleByIndex="h",
        nvmlDeviceGetName="Card",
        nvmlDeviceGetMemoryInfo=SimpleNamespace(total=16 << 30, used=0),
    )
    gpu = probe.probe("hand-made", machine(boards.SERVER), nvml).profile.target[1]
    assert (gpu.memory.base, gpu.memory.source) == (16 << 30, "probed: NVML")


def test_a_server_tells_its_blocks_of_memory_and_its_bios(machine):
    profile = probe.probe("hand-made", machine(boards.SERVER)).profile
    assert profile.memory.nominal.base == 8 * 0x8000000
    assert (profile.name, profile.firmware, profile.tier) == ("Maker Box", "Firm 1.2", "machine")
    cpu = profile.target[0]
    assert (cpu.clusters[0].name, cpu.clusters[0].clock.base) == ("Some CPU", 2.1e9)
    assert "does not tell its highest" in cpu.clusters[0].clock.note
    assert (cpu.dtypes, cpu.isa) == (("float32", "float64"), ("x86-64", "avx2"))


def test_a_part_that_is_not_known_is_named_by_its_numbers(machine):
    files = machine({"proc/cpuinfo": boards.processors("0xfff")})
    assert board.clusters(files)[0].name == "part 0x41:0xfff"


@pytest.mark.parametrize(
    "tree",
    [boards.FOUR_CORES, boards.TWO_KINDS, boards.JETSON, boards.SERVER, {}],
    ids=["four", "two", "jetson", "server", "nothing"],
)
def test_what_was_probed_is_a_sound_profile_and_reads_back_equal(machine, tmp_path, tree):
    if not tree:
        tree = {"proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 900 kB\n"}
    found = probe.probe("hand-made", machine(tree))
    file = tmp_path / "hand-made.toml"
    filling.fill(found, file)
    assert profiles.check(file) == []
    assert profiles.load(file) == found.profile


def test_this_machine_tells_what_others_see_of_it(tmp_path):
    file = tmp_path / "this-machine.toml"
    filling.into(file)
    profile = profiles.load(file)
    assert profile.target[0].cores == len(os.sched_getaffinity(0)) or profile.target[0].cores == os.cpu_count()
    assert profile.memory.usable.base == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_an_old_profile_gains_what_it_lacks_and_keeps_what_it_says(machine, board):
    before = board.read_text()
    said = filling.fill(probe.probe("demo-board", machine(boards.FOUR_CORES)), board)
    text = board.read_text()
    assert tomllib.loads(text)["memory"]["swap"]["value"] == 102400
    assert tomllib.loads(text)["memory"]["usable"]["value"] == 1900
    assert any("memory.usable is 1.86 GiB in the file, 3.96 GiB here" in line for line in said)
    assert all(line in text for line in before.splitlines())
    assert filling.fill(probe.probe("demo-board", machine(boards.FOUR_CORES)), board)[0].endswith("3.96 GiB here")


def test_a_board_with_other_cores_is_told(machine, board):
    said = filling.fill(probe.probe("demo-board", machine(boards.TWO_KINDS)), board)
    assert f"{board}: target cpu has 4 cores in the file, 8 here" in said


def test_control_characters_of_a_board_reach_neither_file_nor_terminal(machine, tmp_path):
    tree = {**boards.FOUR_CORES, "sys/class/thermal/thermal_zone0/type": "hot\x1b[31m\nformat = 2\n"}
    found = probe.probe("hand-made", machine(tree))
    assert "\x1b" not in probe.as_toml(found)
    assert tomllib.loads(probe.as_toml(found))["format"] == 1
    with pytest.raises(UserError, match="cannot be the id"):
        filling.fill(found, tmp_path / "Hand Made.toml")
