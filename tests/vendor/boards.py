"""Kernel files of boards, made by hand in the forms that Linux gives them; no board was read."""

from __future__ import annotations

PI = "Features\t: fp asimd evtstrm crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"


def processors(*parts: str, features: str = PI) -> str:
    blocks = [
        f"processor\t: {i}\nBogoMIPS\t: 108.00\n{features}\nCPU implementer\t: 0x41\nCPU part\t: {part}\n"
        for i, part in enumerate(parts)
    ]
    return "\n".join(blocks)


def clocks(*kilohertz: int) -> dict[str, str]:
    return {f"sys/devices/system/cpu/cpu{i}/cpufreq/cpuinfo_max_freq": f"{k}\n" for i, k in enumerate(kilohertz)}


FOUR_CORES = {
    "proc/cpuinfo": processors(*["0xd0b"] * 4),
    "proc/meminfo": "MemTotal:        4147200 kB\nMemAvailable:    3900000 kB\nSwapTotal:        102400 kB\n",
    "proc/device-tree/model": "Hand-made board Model 5\0",
    "proc/device-tree/compatible": "hand-made,5-model\0brcm,bcm2712\0",
    "proc/sys/kernel/osrelease": "6.6.20-hand-made\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48750\n",
    "sys/class/thermal/thermal_zone1/type": "switched-off\n",
    **clocks(*[2400000] * 4),
}

TWO_KINDS = {
    "proc/cpuinfo": processors(*["0xd05"] * 4, *["0xd0b"] * 4),
    "proc/meminfo": "MemTotal:        8000000 kB\nMemAvailable:    7800000 kB\n",
    "proc/device-tree/compatible": "hand-made,board\0rockchip,rk3588s\0",
    **clocks(*[1800000] * 4, *[2256000] * 2, *[2304000] * 2),
}

JETSON = {
    "proc/cpuinfo": processors(*["0xd42"] * 6),
    "proc/meminfo": "MemTotal:        7800000 kB\nMemAvailable:    7000000 kB\n",
    "etc/nv_tegra_release": "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic\nmore\n",
    "var/lib/nvpmodel/status": "pmode:0000\n",
    "proc/device-tree/model": "Hand-made Jetson\0",
}

SERVER = {
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Some  CPU\ncpu MHz\t\t: 2100.4\nflags\t\t: lm avx2 f16c\n",
    "proc/meminfo": "MemTotal:        1000000 kB\nMemAvailable:    900000 kB\n",
    "sys/class/dmi/id/sys_vendor": "Maker\n",
    "sys/class/dmi/id/product_name": "Box\n",
    "sys/class/dmi/id/bios_vendor": "Firm\n",
    "sys/class/dmi/id/bios_version": "1.2\n",
    "sys/devices/system/memory/block_size_bytes": "8000000\n",
    **{f"sys/devices/system/memory/memory{i}/online": "1\n" for i in range(8)},
}
