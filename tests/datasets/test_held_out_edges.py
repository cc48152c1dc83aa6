"""The composites that fine edges are measured on are always the same, and of people no training sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.datasets.held_out_edges import held_out_edges
from limner.datasets.manifest import PhotoFolder
from limner.errors import DataError


def test_composites_of_held_out_people(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limner.datasets.held_out_edges.is_held_out", lambda photo: photo.stem == "0001")
    first, again = (list(held_out_edges(PhotoFolder(data_folder), size=64, each=3)) for _ in range(2))
    assert [name for name, _ in first] == ["rendered_people"] * 3
    for (_, one), (_, other) in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert one.image.shape == (64, 64, 3)
        assert one.target.max() == 1
        assert one.target.min() == 0
    assert (first[0][1].image != first[1][1].image).any()


def test_a_folder_without_such_people_is_named(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limner.datasets.held_out_edges.is_held_out", lambda photo: False)
    with pytest.raises(DataError, match=r"data.*has no people of known alpha"):
        next(held_out_edges(PhotoFolder(data_folder)))
