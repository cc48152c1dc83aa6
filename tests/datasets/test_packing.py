"""A packed data folder is the data folder: the same photos, masks and samples, from one file, made anew in time."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from limner.cli.app import main
from limner.datasets import packing
from limner.datasets.manifest import PhotoFolder
from limner.datasets.masks_overlay import Row, write_overlay
from limner.datasets.mix import Mix
from limner.datasets.packing import pack
from limner.datasets.photo_map import prepare
from limner.datasets.sampler import Sampler
from limner.errors import DataError, OptionError


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def packed(data_folder: Path, cache: Path) -> Path:
    out = cache / "photos.pack"
    made = pack(data_folder, out, cache)
    assert (made.photos, made.bytes, made.fresh) == (37, out.stat().st_size, True)
    return out


def test_it_holds_what_the_folder_holds(data_folder: Path, packed: Path) -> None:
    before, after = PhotoFolder(data_folder), PhotoFolder(packed)
    assert before.photos == after.photos
    for photo in before.photos:
        for a, b in zip(before.load(photo), after.load(photo), strict=True):
            np.testing.assert_array_equal(a, b)


def test_training_draws_the_same_from_it_and_decodes_nothing(data_folder: Path, packed: Path, cache: Path) -> None:
    mix = Mix({"faces_close_up": 0.5, "rendered_people": 0.3, "people_with_animals": 0.2}, crowd=0.5, defocus=0.5)
    nowhere = cache / "must-not-be-made"
    folder, file = (Sampler(prepare(p, c), mix, seed=3) for p, c in ((data_folder, cache), (packed, nowhere)))
    for number in range(12):
        one, other = folder.draw(number, 48), file.draw(number, 48)
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.target, other.target)
    assert not nowhere.exists()


def test_it_is_made_anew_where_something_changed(
    data_folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = tmp_path / "data", tmp_path / "own.pack"
    shutil.copytree(data_folder, data)
    assert pack(data, out, cache).fresh
    with monkeypatch.context() as patch:
        patch.setattr(packing, "prepare", None)  # the second time decodes and opens no photo
        assert not pack(data, out, cache).fresh
    text = (data / "manifest.csv").read_text()
    (data / "manifest.csv").write_text(text.replace("0001,train,hand", "0001,val,hand"))
    assert pack(data, out, cache).fresh
    assert not pack(data, out, cache).fresh
    assert pack(data, out, cache, longest_side=64).fresh
    assert {max(photo.width, photo.height) for photo in PhotoFolder(out).photos} == {64}
    out.write_bytes(out.read_bytes()[:-100])  # damaged: made again
    assert pack(data, out, cache).fresh


def test_masks_and_weights_of_an_overlay_are_packed(data_folder: Path, cache: Path, tmp_path: Path) -> None:
    write_overlay_folder = tmp_path / "masks"
    write_overlay_folder.mkdir()
    rows = [Row("auto_selfies", "0000", "drop", 1, 1, 1), Row("auto_selfies", "0001", "old", 0.25, 1, 1)]
    write_overlay(write_overlay_folder / "masks.csv", rows)
    pack(data_folder, tmp_path / "o.pack", cache, masks=write_overlay_folder)
    auto = {photo.stem: photo.weight for photo in PhotoFolder(tmp_path / "o.pack").photos if photo.mask == "auto"}
    assert auto == {"0001": 0.25, "0002": 1.0, "0003": 1.0}


def test_what_is_refused(data_folder: Path, packed: Path, cache: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"must end in \.pack"):
        pack(data_folder, tmp_path / "photos.zip", cache)
    with pytest.raises(OptionError, match="longest: must lie in"):
        pack(data_folder, tmp_path / "p.pack", cache, longest_side=4)
    with pytest.raises(DataError, match="is packed already"):
        pack(packed, tmp_path / "p.pack", cache)
    with pytest.raises(DataError, match=r"manifest\.csv: no such file"):
        pack(tmp_path, tmp_path / "p.pack", cache)
    (tmp_path / "p.pack").write_bytes(b"no pack")
    with pytest.raises(DataError, match=r"p\.pack: is damaged .*pack it again"):
        PhotoFolder(tmp_path / "p.pack")
    assert not list(tmp_path.glob(".*"))


def test_the_command(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for told in ("photos.pack: 37 photos, 1 MB\n", "photos.pack: 37 photos, 1 MB, as it was: nothing has changed\n"):
        with pytest.raises(SystemExit) as stop:
            main(["data", "pack", str(data_folder), "-o", "photos.pack"])
        assert not stop.value.code
        assert capsys.readouterr().out == told
    with pytest.raises(SystemExit) as stop:
        main(["data", "prepare", "--data", "photos.pack"])
    assert not stop.value.code
