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
    "apt-daily.timer", "apt-daily-upgrade.timer", "dev-hugepages.mount", "dev-mqueue.mount", "dpkg-db-backup.timer",
    "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "getty-static.service", "getty@tty1.service",
    "kmod-static-nodes.service", "modprobe@configfs.service", "modprobe@dm_mod.service", "modprobe@drm.service",
    "modprobe@efi_pstore.service", "modprobe@fuse.service", "modprobe@loop.service",
    "proc-sys-fs-binfmt_misc.automount", "serial-getty@ttyS0.service", "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
    "systemd-ask-password-console.path", "systemd-ask-password-wall.path", "systemd-binfmt.service",
    "systemd-firstboot.service", "systemd-initctl.socket",
    "systemd-journal-flush.service", "systemd-journald-audit.socket", "systemd-machine-id-commit.service",
    "systemd-modules-load.service", "systemd-pcrphase.service", "systemd-pcrphase-sysinit.service",
    "systemd-pstore.service", "systemd-random-seed.service", "systemd-remount-fs.service", "systemd-repart.service",
    "systemd-sysctl.service", "systemd-sysusers.service", "systemd-tmpfiles-clean.timer",
    "systemd-tmpfiles-setup.service", "systemd-tmpfiles-setup-dev.service", "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
)  # fmt: skip
"""Units of the boot that nothing here looks at: each is several emulated processes."""
NEEDLESS_TO_USERS = ("systemd-tmpfiles-setup.service", "systemd-tmpfiles-clean.timer")
"""Of the user's own systemd."""
GENERATORS = ("system-generators", "user-generators", "user-environment-generators")
"""Folders of programs that make units of what this machine has not."""
KERNEL_OPTIONS = (
    "root=/dev/nvme0n1 rw rootwait console=ttyS0 quiet panic=-1 tsc=reliable systemd.show_status=0",
    "init=/opt/tierbench/init",
    "mitigations=off init_on_alloc=0 norandmaps nokaslr cryptomgr.notests lsm= clearcpuid=rep_good",
)
"""The last line: what costs an emulated processor much and changes nothing that is looked at."""
BOOT_SECONDS = 480

INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev; mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
swapon /dev/nvme0n2
cd /opt/tierbench && insmod modules/veth.ko* && insmod modules/sch_netem.ko*
python3 -S -E start.py bare-root /dev/ttyS1
cd /; echo -memory > /sys/fs/cgroup/cgroup.subtree_control
umount /sys/fs/cgroup /run /sys /proc
exec /sbin/init
"""
"""Without systemd first; then the groups are as the kernel made them, and systemd begins."""
SYSTEMD_RUN = """#!/bin/sh
chmod 666 /dev/ttyS1; cd /opt/tierbench
guest="python3 -S -E /opt/tierbench/start.py"
$guest service-root /dev/ttyS1
systemd-run --scope --quiet -p Delegate=yes sh -c "$guest delegated-root /dev/ttyS1; true"
su - tester -c "$guest session-user /dev/ttyS1"
su - tester -c "systemd-run --user --scope --quiet -p Delegate=yes $guest delegated-user /dev/ttyS1"
sync; echo o > /proc/sysrq-trigger
"""
START = "import sys\nfrom guest import main\n\nmain(*sys.argv[1:])\n"
"""So that the guest's part is imported, and with that compiled before."""
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

    def boot(self, folder: Path) -> list[dict[str, Any]]:
        """Boot, wait until it powers off, and return what the guest reported."""
        report, console = folder / "report.jsonl", folder / "console.log"
        with subprocess.Popen(self._command(report, console), stdin=subprocess.DEVNULL) as qemu:
            try:
                qemu.wait(BOOT_SECONDS)
            except subprocess.TimeoutExpired:
                qemu.kill()
                raise AssertionError(f"no end after {BOOT_SECONDS} s:\n{_tail(console)}") from None
        lines = [line for line in report.read_text().splitlines() if line.startswith("{")]
        assert lines, f"the guest reported nothing:\n{_tail(console)}"
        return [json.loads(line) for line in lines]

    def _command(self, report: Path, console: Path) -> list[str]:
        return [
            "qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "qemu64", "-smp", "2", "-m", "768",
            "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot", "-kernel", str(self.kernel),
            "-append", " ".join(KERNEL_OPTIONS),
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
    for name, text in (("init", INIT), ("run", SYSTEMD_RUN), ("start.py", START)):
        (home / name).write_text(text)
        (home / name).chmod(0o755)
    (root / "etc/systemd/system/tierbench.service").write_text(UNIT)
    _compile(root)
    debian.run("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/sh", "tester")
    debian.run("chroot", str(root), "systemctl", "enable", "tierbench.service")
    debian.run("chroot", str(root), "systemctl", "mask", *NEEDLESS)
    debian.run("chroot", str(root), "systemctl", "--global", "mask", *NEEDLESS_TO_USERS)
    for generators in GENERATORS:
        shutil.rmtree(root / "usr/lib/systemd" / generators, ignore_errors=True)
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
