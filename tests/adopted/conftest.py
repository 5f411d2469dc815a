from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Save a model, its weights in a file beside it where ``beside`` says so."""

    def save(model: onnx.ModelProto, beside: bool = False) -> Path:
        path = tmp_path / "model.onnx"
        more = {"save_as_external_data": True, "location": "model.data", "size_threshold": 0} if beside else {}
        onnx.save(model, str(path), **more)
        return path

    return save
