"""The manifest is read as written, and each way it can be wrong is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from limner.datasets.manifest import PhotoFolder, read_manifest
from limner.datasets.photo import Photo
from limner.errors import DataError


def test_lists_every_photo(data_folder: Path) -> None:
    photos = read_manifest(data_folder)
    assert len(photos) == 37
    assert photos[0] == Photo("fashion_full_body", "0000", "train", "hand", 72, 96, "drawn by the tests")


@pytest.mark.parametrize(
    ("name", "mask_values"),
    [("fashion_full_body", {0, 255}), ("people_with_animals", {0, 128, 255}), ("no_people_rooms", {0})],
)
def test_loads_photo_and_mask(data_folder: Path, name: str, mask_values: set[int]) -> None:
    folder = PhotoFolder(data_folder)
    rgb, mask = folder.load(next(folder.select(sets=(name,))))
    assert rgb.shape == (96, 72, 3)
    assert rgb.dtype == np.uint8
    assert set(np.unique(mask)) == mask_values


def test_mask_of_a_render_is_its_alpha(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    rgb, mask = folder.load(next(folder.select(sets=("rendered_people",))))
    assert rgb.shape == (96, 72, 3)
    assert 0.2 < (mask > 127).mean() < 0.8


def test_selects_by_split_and_set(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    chosen = list(folder.select(split="val", sets=("faces_close_up",)))
    assert [photo.stem for photo in chosen] == ["0006", "0007"]
    with pytest.raises(DataError, match=r"no set 'cats'; its sets are .*faces_close_up"):
        list(folder.select(sets=("cats",)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file; name a data folder: a manifest.csv"),
        ("set,stem,split,mask,width,height,source\n", "lists no photos"),
        ("set,stem,split,width,height,source\na,b,train,1,1,s\n", "csv:2: the column 'mask' is missing"),
        ("set,stem,split,mask,width,height,source\na,b,test2,hand,1,1,s\n", "split must be one of train, val, test"),
        ("set,stem,split,mask,width,height,source\na,b,val,drawn,1,1,s\n", "mask must be one of hand, auto"),
        ("set,stem,split,mask,width,height,source\na,b,val,hand,x,1,s\n", "width and height must be whole numbers"),
        ("set,stem,split,mask,width,height,source\n" + "a,b,val,hand,1,1,s\n" * 2, "csv:3: lists a/b a second time"),
        (b"set,stem\na,\xfc\n", r"is no text in UTF-8 \(byte 11\); save it as CSV in UTF-8"),
        (b"set,stem\na," + b"b" * 200_000, "is no table of values with commas between them"),
    ],
)
def test_a_wrong_manifest_is_named(tmp_path: Path, text: str | bytes | None, message: str) -> None:
    if text is not None:
        (tmp_path / "manifest.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=message):
        read_manifest(tmp_path)


def test_missing_and_damaged_zips_are_named(data_folder: Path, tmp_path: Path) -> None:
    shutil.copy(data_folder / "manifest.csv", tmp_path)
    folder = PhotoFolder(tmp_path)
    with pytest.raises(DataError, match=r"fashion_full_body\.zip: no such file"):
        folder.load(folder.photos[0])
    (tmp_path / "fashion_full_body.zip").write_bytes(b"not a zip")
    with pytest.raises(DataError, match=r"images/0000\.avif cannot be read"):
        folder.load(folder.photos[0])
    shutil.copy(data_folder / "no_people_rooms.zip", tmp_path / "fashion_full_body.zip")
    with pytest.raises(DataError, match=r"holds no masks/0000\.png"):
        PhotoFolder(tmp_path).load(folder.photos[0])
