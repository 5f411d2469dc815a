"""Another machine's kernel files, written below a temporary root."""

from __future__ import annotations

import pytest

from harness.host.files import Files


@pytest.fixture
def machine(tmp_path):
    def build(tree):
        for path, text in tree.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return Files(tmp_path)

    return build
