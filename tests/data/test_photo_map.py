"""The photo map gives back what the zips hold, is made once, and never half."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from limner.data.manifest import PhotoFolder
from limner.data.photo_map import prepare


def test_holds_what_the_folder_holds(data_folder: Path, tmp_path: Path) -> None:
    folder, photos = PhotoFolder(data_folder), prepare(data_folder, tmp_path)
    assert [entry.photo for entry in photos.entries] == folder.photos
    for index in (0, 20, len(folder.photos) - 1):
        rgb, mask = folder.load(folder.photos[index])
        mapped_rgb, mapped_mask = photos.load(photos.entries[index])
        np.testing.assert_array_equal(mapped_rgb, rgb)
        np.testing.assert_array_equal(mapped_mask, mask)


def test_knows_where_the_person_is(data_folder: Path, tmp_path: Path) -> None:
    photos = prepare(data_folder, tmp_path)
    entry = photos.entries[0]
    _, mask = photos.load(entry)
    ys, xs = np.nonzero(mask > 127)
    assert entry.box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    assert entry.touches == (False, False, False, True)
    empty = next(e for e in photos.entries if e.photo.mask == "none")
    assert empty.box == (0, 0, 72, 96)


def test_is_made_once_and_again_when_the_manifest_changes(data_folder: Path, tmp_path: Path) -> None:
    calls: list[int] = []
    data = tmp_path / "data"
    shutil.copytree(data_folder, data)
    for _ in range(2):
        prepare(data, tmp_path / "cache", progress=lambda done, _total: calls.append(done))
    assert calls == list(range(1, 38))
    lines = (data / "manifest.csv").read_text().splitlines()
    (data / "manifest.csv").write_text("\n".join(lines[:-1]) + "\n")
    assert len(prepare(data, tmp_path / "cache").entries) == 36


def test_large_photos_are_shrunk(data_folder: Path, tmp_path: Path) -> None:
    photos = prepare(data_folder, tmp_path, longest_side=48)
    rgb, mask = photos.load(photos.entries[0])
    assert rgb.shape == (48, 36, 3)
    assert mask.shape == (48, 36)


def test_an_interruption_leaves_nothing(data_folder: Path, tmp_path: Path) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(data_folder, tmp_path, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
