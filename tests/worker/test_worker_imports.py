"""What a trial imports: no more than there would be without tierbench."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from harness.worker import imports

TRANSFORMERS = """
import sys
{before}
from harness.worker import imports
imports.load(["json", "transformers.utils"])
from transformers.utils import is_scipy_available
print(is_scipy_available(), "scipy" in sys.modules)
import scipy
print(scipy.__name__)
"""


def said(before: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", TRANSFORMERS.format(before=before)], check=True, capture_output=True, text=True
    )
    return done.stdout.split()


def test_transformers_does_not_find_the_scipy_that_tierbench_brought_and_the_work_still_does():
    assert said("") == ["False", "False", "scipy"]


def test_scipy_that_the_work_imported_is_found():
    assert said("import scipy") == ["True", "True", "scipy"]


def test_a_module_that_is_not_there_is_told():
    with pytest.raises(ImportError, match="no_such_module"):
        imports.load(["json", "no_such_module"])


def test_garbage_is_looked_for_seldom_and_then_as_before():
    before = gc.get_threshold()
    with imports.seldom_collecting():
        assert gc.get_threshold() == (imports.SELDOM, *before[1:])
    assert gc.get_threshold() == before
