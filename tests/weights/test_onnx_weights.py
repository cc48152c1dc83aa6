"""Weights come out of .onnx files by name, whatever type they are stored as; anything else is one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from limner.errors import MissingExtraError, ModelError
from limner.weights.onnx_weights import read_onnx_weights


def test_every_stored_float_by_name(tmp_path: Path, make_onnx: Callable[..., Path]) -> None:
    weights = read_onnx_weights(make_onnx(tmp_path / "own.onnx", bias=0.5))
    assert weights["weights"].shape == (1, 3, 1, 1)
    np.testing.assert_array_equal(weights["bias"], np.float32([0.5]))
    assert weights["weights"].dtype == np.float32


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no such file"), (b"text, no model", "is not a .onnx model"), (b"", "holds no weights")],
)
def test_wrong_files_are_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "own.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"own\.onnx: {says}"):
        read_onnx_weights(path)


def test_a_file_cut_short_is_named(tmp_path: Path, make_onnx: Callable[..., Path]) -> None:
    path = make_onnx(tmp_path / "own.onnx")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match=r"own\.onnx: is not a \.onnx model"):
        read_onnx_weights(path)


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"needs onnx.*limner\[train\]"):
        read_onnx_weights(tmp_path / "own.onnx")
