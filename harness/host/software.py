"""What runs on this machine: system, virtualisation, packages, and the commit of the working directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from harness.host import board
from harness.host.files import HERE, Files

PACKAGES = (
    "torch", "transformers", "safetensors", "numpy", "onnx", "onnxruntime", "onnxscript", "openvino", "ncnn",
    "pnnx", "executorch", "nvidia-ml-py", "msgspec",
)  # fmt: skip
"""Packages whose version can change a figure."""

_CONTAINERS = {".dockerenv": "Docker container", "run/.containerenv": "Podman container"}
_GIT_SECONDS = 5.0


def system(files: Files) -> str:
    """The distribution's name, e.g. ``Debian GNU/Linux 12 (bookworm)``."""
    for line in (files.text("etc/os-release") or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip("\"'")
    return "Linux"


def packages() -> dict[str, str | None]:
    """Versions of ``PACKAGES``, None for those that are not installed. Imports none of them."""
    return {name: _version(name) for name in PACKAGES}


def identity(files: Files = HERE) -> dict[str, str | None]:
    """What tells this environment from one of the same versions at another place, or on another kind of processor."""
    implementation = f"{sys.implementation.name} {sys.version}"
    found: dict[str, str | None] = {name: _version_and_place(name) for name in PACKAGES}
    found["interpreter"] = " | ".join((implementation, os.path.realpath(sys.executable), sys.prefix, sys.base_prefix))
    found["processors"] = f"{os.uname().machine} {' '.join(board.features(files))}"
    return found


def virtualisation(files: Files) -> str | None:
    """``Docker container in a virtual machine (KVM)`` and the like; ``none`` on bare metal; None where unknown."""
    container = next((name for path, name in _CONTAINERS.items() if files.exists(path)), None)
    machine = _virtual_machine(files)
    if container and machine and machine != "none":
        return f"{container} in a {machine}"
    return container or machine


def commit(directory: Path) -> tuple[str | None, bool | None]:
    """The git commit of ``directory`` and whether tracked files differ from it; None where it is not a repository."""
    found = _git(directory, "rev-parse", "HEAD")
    if found is None:
        return None, None
    changed = _git(directory, "status", "--porcelain", "--untracked-files=no")
    return found, None if changed is None else bool(changed)


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _version_and_place(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(package)
    except PackageNotFoundError:
        return None
    return f"{found.version} in {found.locate_file('')}"


def _virtual_machine(files: Files) -> str | None:
    if files.exists("proc/device-tree/hypervisor"):
        return "virtual machine"
    flags = files.fields("proc/cpuinfo").get("flags")
    if flags is None:
        return None
    if "hypervisor" not in flags.split():
        return "none"
    vendor = files.text("sys/hypervisor/type") or files.text("sys/class/dmi/id/sys_vendor")
    return f"virtual machine ({vendor})" if vendor else "virtual machine"


def _git(directory: Path, *arguments: str) -> str | None:
    import subprocess

    command = ["git", "--no-optional-locks", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
