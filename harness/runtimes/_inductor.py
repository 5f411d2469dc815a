"""The machinery of ``torch.compile``, imported with the settings that a trial needs."""

from __future__ import annotations

import os
from pathlib import Path

# Read on import: a pool of compiling processes would stand beside the work and count as its memory.
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

import torch._inductor.config as config


def settle(cache: Path) -> None:
    """Keep compiled code in ``cache``, the same for any number of threads: trials differ in theirs."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache)
    config.cpp.dynamic_threads = True
