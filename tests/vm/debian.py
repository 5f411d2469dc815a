"""The parts of a small Debian: its root by mmdebstrap from the mirror of this machine's apt, and a kernel.

Usage: debian.py FOLDER, with nothing but the standard library: .ci/run has it made while other things are installed,
and tells the tests by TIERBENCH_VM_DEBIAN.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOOLS = ("mmdebstrap", "apt-get", "apt-cache", "dpkg")
SUITES = {(3, 11): "bookworm", (3, 13): "trixie"}
"""Debian suite whose own Python can load this environment's msgspec."""
INSIDE = "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,python3-minimal,libpython3-stdlib,iproute2,kmod"
KERNEL = "linux-image-cloud-amd64"
HOOKS = Path("/usr/share/mmdebstrap/hooks/merged-usr")
"""Of mmdebstrap itself: spares usrmerge, and with it all of Perl."""
WASTE = ("doc", "man", "locale")
"""Below /usr/share, not unpacked."""
MADE = "TIERBENCH_VM_DEBIAN"
"""Folder of one that was made before."""


class Unavailable(Exception):
    """The virtual machine cannot be had here, and why."""


@dataclass(frozen=True)
class Debian:
    """A root, not yet furnished, and the unpacked kernel package."""

    root: Path
    """Of the system, as mmdebstrap leaves it."""
    kernel: Path
    """The kernel package's files."""

    @property
    def vmlinuz(self) -> Path:
        """What is booted."""
        return next(self.kernel.glob("boot/vmlinuz-*"))


def debian(folder: Path) -> Debian:
    """One below ``folder``, its root a copy of what was made before, else made now. Raises Unavailable."""
    made = os.environ.get(MADE)
    if not made:
        return make(folder)
    run("cp", "--archive", f"{made}/root", str(folder))
    return Debian(folder / "root", Path(made) / "kernel")


def make(folder: Path) -> Debian:
    """Make root and kernel below ``folder``. Raises Unavailable."""
    _require()
    made = Debian(folder / "root", folder / "kernel")
    with _bootstrap(made.root) as process:
        _unpack_kernel(made.kernel)
        said = process.communicate()[0]
    if process.returncode != 0:
        raise Unavailable(f"mmdebstrap failed: {' '.join(said.splitlines()[-2:])}")
    return made


def run(*command: str, folder: Path | None = None) -> str:
    """What a command prints. Raises Unavailable where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} failed: {' '.join((done.stderr or done.stdout).split())[-300:]}")
    return done.stdout


def require(*tools: str) -> None:
    """Raises Unavailable where one of them is not installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} not found (packages: tests/vm/README.md)")


def _require() -> None:
    require(*TOOLS)
    if os.getuid() != 0:
        raise Unavailable("mmdebstrap needs root")
    if sys.version_info[:2] not in SUITES:
        raise Unavailable("no Debian suite has this version of Python")


def _bootstrap(root: Path) -> subprocess.Popen[str]:
    suite = SUITES[sys.version_info[:2]]
    source = f"deb {_mirror(suite)} {suite} main"
    without = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in WASTE]
    options = [
        "--mode=root",
        "--variant=essential",
        f"--include={INSIDE}",
        '--aptopt=Acquire::Languages "none"',
        *without,
    ]
    hooks = [f"--hook-dir={HOOKS}"] if HOOKS.is_dir() else []
    command = ["mmdebstrap", *options, *hooks, suite, str(root), source]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _mirror(suite: str) -> str:
    """The mirror from which this machine's apt takes that suite. Raises Unavailable."""
    form = "$(SITE) $(RELEASE) $(COMPONENT)"
    for line in run("apt-get", "indextargets", "--format", form, "Created-By: Packages").splitlines():
        site, release, component = line.split()
        if (release, component) == (suite, "main"):
            return site
    raise Unavailable(f"this machine's apt knows no Debian {suite}")


def _unpack_kernel(folder: Path) -> None:
    folder.mkdir(parents=True)
    names = [line.split()[-1] for line in run("apt-cache", "depends", KERNEL).splitlines() if "Depends: linux" in line]
    if not names:
        raise Unavailable(f"apt knows no {KERNEL} (apt-get update)")
    run("apt-get", "-o", "APT::Sandbox::User=root", "download", names[0], folder=folder)
    run("dpkg", "-x", str(next(folder.glob("*.deb"))), str(folder))


if __name__ == "__main__":
    try:
        make(Path(sys.argv[1]))
    except Unavailable as reason:
        sys.exit(f"debian: {reason}")
