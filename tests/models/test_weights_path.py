"""Trainable weights are found by a shipped model's name or a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import ModelError
from limner.models.catalogue import find_model, weights_path


def test_a_name_means_the_file_that_ships() -> None:
    assert weights_path("default") == weights_path("fast") == find_model("fast").path


@pytest.mark.parametrize("name", ["w.onnx", "w.safetensors", "w.pt"])
def test_a_path_means_itself(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"{name}: no such file"):
        weights_path(str(tmp_path / name))
    (tmp_path / name).touch()
    assert weights_path(str(tmp_path / name)) == tmp_path / name


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ModelError, match=r"huge: no shipped model has weights of that name \(there are: .*fast"):
        weights_path("huge")
