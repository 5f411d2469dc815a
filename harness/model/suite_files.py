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
_FOLDER, _FILE = "in_", "file_"
"""Begin what is spelt in hexadecimal digits: each part of a name is an identifier, as TorchScript wants it."""


def package_of(file: Path) -> str:
    """Return the name of the package that the modules of a suite file's folder are in."""
    return _PREFIX + _FOLDER + os.fsencode(file.parent).hex()


def module_of(file: Path) -> str:
    """Return the name of a suite file's module."""
    plain = file.stem.isidentifier() and file.stem.isascii() and not file.stem.startswith(_FILE)
    stem = file.stem if plain else _FILE + os.fsencode(file.stem).hex()
    return f"{package_of(file)}.{stem}"


class _Finder:
    @staticmethod
    def find_spec(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(_PREFIX):
            return None
        folder, _, module = name.removeprefix(_PREFIX).partition(".")
        where, stem = _spelt(folder, _FOLDER), _spelt(module, _FILE)
        if where is None:
            return None
        if stem is not None and not (Path(where) / f"{module}.py").exists():
            return spec_from_file_location(name, str(Path(where) / f"{stem}.py"))
        if module:
            return None  # Python's own finder looks into the package's path
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [where]
        return spec


def _spelt(part: str, begin: str) -> str | None:
    """What a part of a name spells in hexadecimal digits, None where it does not."""
    if not part.startswith(begin):
        return None
    try:
        return os.fsdecode(bytes.fromhex(part.removeprefix(begin)))
    except ValueError:
        return None


sys.meta_path.insert(0, _Finder)
