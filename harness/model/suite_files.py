"""The modules of suite files, which are found by their paths, in whatever process asks for them.

A suite file is a module below this one, called by its folder in hexadecimal digits and by its own name. A process that
a workload starts anew (``spawn``, ``forkserver``, a pool of joblib) and that unpickles a function of the suite imports
this module on the way, and with it the finder that knows where the file is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

__path__: list[str] = []
"""Makes a package of this module; what is in it, the finder says."""
_PREFIX = __name__ + "."
_SPELT = "file_"
"""Begins the name of a module whose file's name has dots, in hexadecimal digits too."""


def package_of(file: Path) -> str:
    """Return the name of the package that the modules of a suite file's folder are in."""
    return _PREFIX + os.fsencode(file.parent).hex()


def module_of(file: Path) -> str:
    """Return the name of a suite file's module."""
    odd = "." in file.stem or file.stem.startswith(_SPELT)
    stem = _SPELT + os.fsencode(file.stem).hex() if odd else file.stem
    return f"{package_of(file)}.{stem}"


class _Finder:
    @staticmethod
    def find_spec(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(_PREFIX):
            return None
        folder, _, module = name.removeprefix(_PREFIX).partition(".")
        try:
            where = os.fsdecode(bytes.fromhex(folder))
            stem = os.fsdecode(bytes.fromhex(module.removeprefix(_SPELT))) if module.startswith(_SPELT) else ""
        except ValueError:
            return None
        if stem:
            return spec_from_file_location(name, str(Path(where) / f"{stem}.py"))
        if module:
            return None  # Python's own finder looks into the package's path
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [where]
        return spec


sys.meta_path.insert(0, _Finder)
