"""Finds the builder of synthetic runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "view"))
