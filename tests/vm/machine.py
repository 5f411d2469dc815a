"""A small Debian for qemu, booted under software emulation, with the harness in it.

Functional tests only: nothing here is fit for timing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import debian
import msgspec

import harness

HERE = Path(__file__).parent
TOOLS = ("qemu-system-x86_64", "mkfs.ext4", "mkswap")
MODULES = ("veth.ko*", "sch_netem.ko*")
"""Of the kernel, for a shaped link."""
KERNEL_VARIABLE = "TIERBENCH_VM_KERNEL"
"""Path of another vmlinuz to boot: it needs ext4, NVMe and the 8250 console built in."""
NEEDLESS = (
    "modprobe@configfs.service", "modprobe@dm_mod.service", "modprobe@drm.service", "modprobe@efi_pstore.service",
    "modprobe@fuse.service", "modprobe@loop.service", "systemd-modules-load.service", "systemd-sysusers.service",
    "systemd-random-seed.service", "systemd-journal-flush.service", "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service", "systemd-tmpfiles-clean.timer", "e2scrub_reap.service", "e2scrub_all.timer",
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer", "getty@tty1.service",
    "serial-getty@ttyS0.service", "sys-kernel-tracing.mount", "sys-kernel-debug.mount", "dev-hugepages.mount",
    "dev-mqueue.mount",
)  # fmt: skip
"""Units of the boot that nothing here looks at: each is several emulated processes."""
BOOT_SECONDS = 240

BARE_INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev; mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
swapon /dev/nvme0n2
cd /opt/tierbench && insmod modules/veth.ko* && insmod modules/sch_netem.ko*
python3 guest.py bare-root /dev/ttyS1
sync; echo o > /proc/sysrq-trigger; sleep 60
"""
SYSTEMD_RUN = """#!/bin/sh
swapon /dev/nvme0n2; chmod 666 /dev/ttyS1; cd /opt/tierbench
guest="python3 /opt/tierbench/guest.py"
$guest service-root /dev/ttyS1
systemd-run --scope --quiet -p Delegate=yes sh -c "$guest delegated-root /dev/ttyS1; true"
su - tester -c "$guest session-user /dev/ttyS1"
su - tester -c "systemd-run --user --scope --quiet -p Delegate=yes $guest delegated-user /dev/ttyS1"
sync; echo o > /proc/sysrq-trigger
"""
UNIT = """[Unit]
After=systemd-user-sessions.service systemd-logind.service dbus.service
[Service]
Type=oneshot
ExecStart=/opt/tierbench/run
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Machine:
    """A kernel and a disk to boot from; the disk is never written to."""

    kernel: Path
    disk: Path
    swap: Path

    def boot(self, folder: Path, init: str) -> list[dict[str, Any]]:
        """Boot with that init, wait until it powers off, and return what the guest reported."""
        report, console = folder / "report.jsonl", folder / "console.log"
        with subprocess.Popen(self._command(init, report, console), stdin=subprocess.DEVNULL) as qemu:
            try:
                qemu.wait(BOOT_SECONDS)
            except subprocess.TimeoutExpired:
                qemu.kill()
                raise AssertionError(f"no end after {BOOT_SECONDS} s:\n{_tail(console)}") from None
        lines = [line for line in report.read_text().splitlines() if line.startswith("{")]
        assert lines, f"the guest reported nothing:\n{_tail(console)}"
        return [json.loads(line) for line in lines]

    def _command(self, init: str, report: Path, console: Path) -> list[str]:
        return [
            "qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "qemu64", "-smp", "2", "-m", "768",
            "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot", "-kernel", str(self.kernel),
            "-append",
            f"root=/dev/nvme0n1 rw rootwait console=ttyS0 mitigations=off quiet panic=-1 tsc=reliable "
            f"systemd.show_status=0 init={init}",
            "-serial", f"file:{console}", "-serial", f"file:{report}",
            "-device", "nvme,serial=tierbench", *_drive(self.disk, 1), *_drive(self.swap, 2),
        ]  # fmt: skip


def build(folder: Path) -> Machine:
    """Build kernel and disk below ``folder``. Raises Unavailable."""
    debian.require(*TOOLS)
    system = debian.debian(folder)
    _furnish(system.root, system.kernel)
    vmlinuz = Path(os.environ.get(KERNEL_VARIABLE) or system.vmlinuz)
    return Machine(vmlinuz, _disk(system.root, folder / "disk"), _swap(folder / "swap"))


def _furnish(root: Path, kernel: Path) -> None:
    """Put the harness, msgspec, modules and the guest's part into the root, with a user and a unit that runs it."""
    home = root / "opt" / "tierbench"
    unwanted = shutil.ignore_patterns("_content")
    shutil.copytree(Path(harness.__file__).parent, home / "harness", ignore=unwanted)
    shutil.copytree(Path(msgspec.__file__).parent, home / "msgspec", ignore=unwanted)
    for source in (HERE / "guest.py", HERE.parent / "launch" / "stubkit.py"):
        shutil.copy(source, home)
    (home / "modules").mkdir()
    for module in (path for pattern in MODULES for path in kernel.rglob(pattern)):
        shutil.copy(module, home / "modules")
    for name, text in (("init", BARE_INIT), ("run", SYSTEMD_RUN)):
        (home / name).write_text(text)
        (home / name).chmod(0o755)
    (root / "etc/systemd/system/tierbench.service").write_text(UNIT)
    _compile(root)
    debian.run("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/sh", "tester")
    debian.run("chroot", str(root), "systemctl", "enable", "tierbench.service")
    debian.run("chroot", str(root), "systemctl", "mask", *NEEDLESS)
    for waste in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(root / waste, ignore_errors=True)


def _compile(root: Path) -> None:
    """Compile the harness and, as Debian does only with all of python3, the library that each process would compile."""
    debian.run("chroot", str(root), "python3", "-m", "compileall", "-q", "/opt/tierbench")
    library = next((root / "usr/lib").glob("python3.*"))
    folders = [library, *(library / name for name in ("json", "ctypes"))]
    inside = [f"/{folder.relative_to(root)}" for folder in folders]
    debian.run("chroot", str(root), "python3", "-m", "compileall", "-q", "-l", *inside)


def _disk(root: Path, disk: Path) -> Path:
    debian.run("truncate", "-s", "512M", str(disk))
    debian.run("mkfs.ext4", "-q", "-O", "^has_journal", "-d", str(root), str(disk))
    return disk


def _swap(disk: Path) -> Path:
    debian.run("truncate", "-s", "256M", str(disk))
    debian.run("mkswap", str(disk))
    return disk


def _drive(path: Path, number: int) -> list[str]:
    drive = f"file={path},if=none,id=disk{number},format=raw,snapshot=on"
    return ["-drive", drive, "-device", f"nvme-ns,drive=disk{number},nsid={number}"]


def _tail(console: Path) -> str:
    return console.read_text(errors="replace")[-3000:] if console.exists() else "(no console)"
