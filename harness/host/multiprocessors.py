"""How many multiprocessors each GPU has: NVML does not say, so a process of its own asks the CUDA driver."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache

from harness.model.spec import MPS_PERCENTAGE

PATIENCE_SECONDS = 30.0
_PROBE = """
import ctypes
cuda = ctypes.CDLL("libcuda.so.1")
number, device = ctypes.c_int(), ctypes.c_int()
MULTIPROCESSOR_COUNT = 16

def ask(call, *arguments):
    code = getattr(cuda, call)(*arguments)
    if code:
        raise SystemExit(f"{call}: {code}")

ask("cuInit", 0)
ask("cuDeviceGetCount", ctypes.byref(number))
for index in range(number.value):
    count = ctypes.c_int()
    ask("cuDeviceGet", ctypes.byref(device), index)
    ask("cuDeviceGetAttribute", ctypes.byref(count), MULTIPROCESSOR_COUNT, device)
    print(count.value)
"""
_NARROWING = ("CUDA_VISIBLE_DEVICES", MPS_PERCENTAGE)


@cache
def counts(command: Sequence[str] = (sys.executable, "-S", "-E", "-c", _PROBE)) -> tuple[int, ...]:
    """Multiprocessors of each GPU, in the order of the bus; nothing where the driver cannot be asked.

    No context is made, so that no memory is taken of a GPU.
    """
    import subprocess

    environment = {k: v for k, v in os.environ.items() if k not in _NARROWING} | {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    try:
        asked = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(int(line) for line in asked.stdout.split() if line.isdigit())
