"""What is mended is right afterwards, what is not safe stays, and what was there before is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_people import draw_person
from faulty_photos import MASKS, write_faulty
from limner.datasets.faults.checking import check
from limner.datasets.faults.kinds import Fault
from limner.datasets.faults.listed import list_photos
from limner.datasets.faults.mending import mend
from limner.datasets.manifest import PhotoFolder, read_manifest
from limner.errors import DataError
from limner.one_writer import OneWriter


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_faulty(tmp_path / "data")
    return tmp_path / "data"


def _mask(data: Path, stem: str) -> np.ndarray:
    return np.asarray(Image.open(data / f"own/masks/{stem}.png"))


def test_the_safe_ones_are_gone_and_the_others_stay(data: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(data, before)
    checked = check(list_photos(data))
    done = mend(data, checked.faults)
    assert (done.out, done.masks, done.notices) == (4, 3, [])
    assert {fault.photo[1] for fault in done.faults} == {fault.photo[1] for fault in checked.faults if fault.mendable}
    left = {fault.photo[1] for fault in check(list_photos(data)).faults}
    assert left == {"inverted", "empty", "full", "dim", "soft", "cut", "shape", "mirror"}
    truths = {stem: draw_person(number)[1] for number, stem in enumerate(MASKS)}
    for stem in ("ones", "residue", "specks"):
        np.testing.assert_array_equal(_mask(data, stem), truths[stem])
    sizes = {photo.stem: (photo.width, photo.height) for photo in read_manifest(data)}
    assert sizes["size"] == (72, 96)
    assert not sizes.keys() & {"unreadable", "gone", "twin", "leak"}
    for path in (data / "before-fix").rglob("*.*"):
        assert path.read_bytes() == (before / path.relative_to(data / "before-fix")).read_bytes()
    for path in (before / "own/images").iterdir():
        assert (data / "own/images" / path.name).read_bytes() == path.read_bytes()


def test_a_second_time_nothing_is_done_and_the_first_originals_are_kept(data: Path) -> None:
    mend(data, check(list_photos(data)).faults)
    kept = {path: path.read_bytes() for path in (data / "before-fix").rglob("*.*")}
    again = mend(data, check(list_photos(data)).faults)
    assert (again.faults, again.out, again.masks) == ([], 0, 0)
    assert kept == {path: path.read_bytes() for path in (data / "before-fix").rglob("*.*")}


def test_an_inverted_mask_is_turned_where_a_net_says_so_too(data: Path) -> None:
    checked = check(list_photos(data), net=lambda rgb: (rgb.mean(2) > 128).astype(np.float32))
    mend(data, checked.faults)
    np.testing.assert_array_equal(_mask(data, "inverted"), draw_person(2)[1])


def test_masks_in_zips_stay(data_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(data_folder, tmp_path / "data")
    photo = read_manifest(tmp_path / "data")[0]
    fault = Fault("specks", (photo.set, photo.stem), "", mendable=True)
    done = mend(tmp_path / "data", [fault, fault])
    assert done.faults == []
    assert done.notices == [f"{tmp_path / 'data' / photo.set}: masks in a zip stay as they are; unpack it to mend them"]


def test_what_cannot_be_mended(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no data folder"):
        mend(tmp_path, [])
    everything = [Fault("leak", (photo.set, photo.stem), "", mendable=True) for photo in read_manifest(data)]
    with pytest.raises(DataError, match="no photo would be left"):
        mend(data, everything)
    with OneWriter(data), pytest.raises(DataError, match="another run of limner"):
        mend(data, everything[:1])
    assert len(PhotoFolder(data).photos) == len(MASKS)
    assert not (data / "before-fix").exists()
