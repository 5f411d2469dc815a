"""Following operators keeps torch's compiler out: importing it takes a second and more, and memory that would count."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNTED = """
from harness import features
from harness.runtimes import Loaded
features.count("torch-eager", Loaded(call, (ones,)), lambda call: call(ones), 1)
"""
COMPOSED = """
from harness.meters.composition import _mode, StorageLog
with _mode(StorageLog("cpu")):
    call(ones)
"""
HEAD = "import sys, torch\nones, call = torch.ones(8), lambda x: x + 1\n"
TAIL = "\nprint('torch._dynamo' in sys.modules)\n"


@pytest.mark.slow
@pytest.mark.parametrize("followed", [COUNTED, COMPOSED], ids=["counted", "composed"])
def test_following_a_step_does_not_import_the_compiler(followed: str) -> None:
    done = subprocess.run([sys.executable, "-c", HEAD + followed + TAIL], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
