from __future__ import annotations

from pathlib import Path

import pytest
from content_builders import put


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory of the user's, and the current one."""
    path = tmp_path / "project"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real package on sys.path with real metadata, that offers content by the entry-point group."""
    site = tmp_path / "site"
    package = site / "acme_boards"
    put(package / "__init__.py", "raise AssertionError('finding content must not import its package')\n")
    put(site / "acme_boards-1.0.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: acme-boards\nVersion: 1.0\n")
    put(site / "acme_boards-1.0.dist-info" / "entry_points.txt", "[tierbench.content]\nacme = acme_boards\n")
    monkeypatch.syspath_prepend(str(site))
    return package
