"""Seeded random weights: written once to a local safetensors cache, then loaded as users load theirs.

Suites call ``load``, ``load_module`` for a module of their own, or ``load_weight_only`` for weights in few bits.
"""

from __future__ import annotations

from harness.weights.entries import FILE, FORMAT, ensure, is_sound, key, load, load_files, load_module, read, used
from harness.weights.kept import keep
from harness.weights.weight_only import BITS, load_module_weight_only, load_weight_only

__all__ = [
    "BITS",
    "FILE",
    "FORMAT",
    "ensure",
    "is_sound",
    "keep",
    "key",
    "load",
    "load_files",
    "load_module",
    "load_module_weight_only",
    "load_weight_only",
    "read",
    "used",
]
