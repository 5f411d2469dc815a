"""By what a link can be shaped on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess

from harness.errors import MachineError, UnknownName
from harness.link.order import Shape
from harness.model.machine import MeansState
from harness.model.units import show

FASTEST = 200e6
"""In bit/s, what a relay in Python carries without being the narrow place itself."""

_EMULATOR = ("unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
_TUNNEL = "/dev/net/tun"
_ORDER: tuple[Shape, ...] = ("netem", "userspace")


def states() -> tuple[MeansState, ...]:
    """Every means, best first, with why it cannot be used. Never raises."""
    return tuple(MeansState(shape, _unusable(shape)) for shape in _ORDER)


def choose(bandwidth: float, forced: str | None = None) -> Shape:
    """The best means for a link of that bandwidth, or the forced one. Raises UnknownName, MachineError."""
    if forced is not None and forced not in _ORDER:
        raise UnknownName("means of shaping a link", forced, list(_ORDER))
    reasons = {shape: _unfit(shape, bandwidth) for shape in _ORDER if forced in (None, shape)}
    for shape, reason in reasons.items():
        if reason is None:
            return shape
    told = "; ".join(f"{shape}: {reason}" for shape, reason in reasons.items())
    raise MachineError(f"unsupported: no link can be made here: {told}")


def _unfit(shape: Shape, bandwidth: float) -> str | None:
    if shape == "userspace" and bandwidth > FASTEST:
        return f"carries {show(FASTEST, 'bit/s')} at most"
    return _unusable(shape)


def _unusable(shape: Shape) -> str | None:
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("ip", "tc", "unshare") if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} not found (packages iproute2 and util-linux)"
    return _no_emulator() if shape == "netem" else _no_tunnel()


def _no_emulator() -> str | None:
    done = subprocess.run(_EMULATOR, capture_output=True, text=True, check=False)
    said = " ".join(done.stderr.split()).removeprefix("Error: ").rstrip(".")
    return None if done.returncode == 0 else f"the kernel refuses its emulator{f': {said}' if said else ''}"


def _no_tunnel() -> str | None:
    done = subprocess.run(("unshare", "--net", "true"), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return " ".join(done.stderr.split())
    try:
        os.close(os.open(_TUNNEL, os.O_RDWR))
    except OSError as error:
        return f"{_TUNNEL}: {error.strerror}"
    return None
