"""Folders of photos become sets of a data folder as they are, or are refused with the file that is at fault."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_people import draw_person
from limner.datasets import importing
from limner.datasets.importing import ImportOptions, import_photos
from limner.datasets.manifest import PhotoFolder
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter

SUFFIXES = (".jpg", ".png", ".webp", ".avif", ".JPG")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Ten photos of all kinds of files, and their masks."""
    folder = tmp_path / "mine"
    for index in range(10):
        rgb, mask = draw_person(index)
        for name, array, suffix in (("images", rgb, SUFFIXES[index % 5]), ("masks", mask, ".png")):
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(folder / name / f"p{index}{suffix}")
    return folder


def _rows(data: Path) -> list[dict[str, str]]:
    with (data / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_photos_with_masks(mine: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = import_photos(mine, data, ImportOptions(name="mine", val=0.2, source="me", rights="mine alone"))
    assert done.notices == []
    folder = PhotoFolder(data)
    assert folder.photos == done.photos
    assert [photo.split for photo in folder.photos].count("val") == 2
    for index, photo in enumerate(folder.photos):
        assert (photo.mask, photo.width, photo.height, photo.source, photo.rights) == (
            "hand", 72, 96, "me", "mine alone",
        )  # fmt: skip
        rgb, mask = folder.load(photo)
        drawn, truth = draw_person(index)
        np.testing.assert_array_equal(mask, truth)
        assert np.abs(rgb.astype(int) - drawn).mean() < 12


def test_a_set_is_added_and_the_manifest_stays(data_folder: Path, mine: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "manifest.csv").write_bytes((data_folder / "manifest.csv").read_bytes())
    before = _rows(data)
    import_photos(mine, data, ImportOptions(name="mine"))
    after = _rows(data)
    assert [{key: row[key] for key in before[0]} for row in after[:37]] == before
    assert [row["stem"] for row in after[37:]] == [f"p{index}" for index in range(10)]
    with pytest.raises(DataError, match="there is a set of that name"):
        import_photos(mine, data, ImportOptions(name="mine"))


def test_two_imports_into_one_folder_take_turns(mine: Path, tmp_path: Path) -> None:
    with OneWriter(tmp_path / "data"), pytest.raises(DataError, match="another run of limner writes into it"):
        import_photos(mine, tmp_path / "data", ImportOptions(name="own"))
    assert not (tmp_path / "data").exists()


def test_a_set_that_could_not_be_listed_is_not_left(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "write_rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_photos(mine, tmp_path / "data", ImportOptions(name="own"))
    assert not (tmp_path / "data").exists()


def test_sources_and_rights_are_kept(mine: Path, tmp_path: Path) -> None:
    (mine / "sources.csv").write_text("file,source,rights\np1.png,https://example.org/a,CC0\n")
    import_photos(mine, tmp_path / "data", ImportOptions(name="mine", source="me", rights="all"))
    kept = {row["stem"]: (row["source"], row["rights"]) for row in _rows(tmp_path / "data")}
    assert kept["p1"] == ("https://example.org/a", "CC0")
    assert kept["p2"] == ("me", "all")


def test_photos_alone_are_unlabelled_and_not_trained_on(mine: Path, tmp_path: Path) -> None:
    (mine / "images/notes.txt").write_text("no photo")
    done = import_photos(mine / "images", tmp_path / "data", ImportOptions(name="new"))
    assert {photo.mask for photo in done.photos} == {"unlabelled"}
    assert "1 .txt" in done.notices[0]
    folder = PhotoFolder(tmp_path / "data")
    assert folder.photos == []
    assert folder.unlabelled == done.photos
    nobody = import_photos(mine / "images", tmp_path / "data", ImportOptions(name="rooms", mask="none"))
    assert PhotoFolder(tmp_path / "data").photos == nobody.photos


def test_a_folder_in_its_place_is_listed_there(mine: Path, tmp_path: Path) -> None:
    content = {path: path.stat().st_mtime_ns for path in mine.rglob("*")}
    import_photos(mine, tmp_path, ImportOptions(name="mine"))
    assert {path: path.stat().st_mtime_ns for path in mine.rglob("*")} == content
    assert len(PhotoFolder(tmp_path).photos) == 10


def test_turned_photos_stand_upright(mine: Path, tmp_path: Path) -> None:
    rgb, _ = draw_person(3)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to see it upright
    Image.fromarray(np.rot90(rgb)).save(mine / "images/p0.jpg", exif=exif, quality=98)
    import_photos(mine, tmp_path / "data", ImportOptions(name="mine"))
    folder = PhotoFolder(tmp_path / "data")
    assert np.abs(folder.load(folder.photos[0])[0].astype(int) - rgb).mean() < 12


def test_masks_of_other_ranges(mine: Path, tmp_path: Path) -> None:
    _, mask = draw_person(0)
    Image.fromarray(np.asarray(mask > 0, np.uint8)).save(mine / "masks/p0.png")
    Image.fromarray((mask > 0).astype(np.uint16) * 65535).save(mine / "masks/p1.png")
    Image.fromarray(mask).convert("1").save(mine / "masks/p2.png")
    done = import_photos(mine, tmp_path / "data", ImportOptions(name="mine"))
    assert done.notices == ["1 masks had no value but 0 and 1; the 1 became 255"]
    folder = PhotoFolder(tmp_path / "data")
    for photo in folder.photos[:3]:
        np.testing.assert_array_equal(folder.load(photo)[1], mask)


def _spoil(mine: Path, fault: str) -> None:
    if fault == "no mask":
        (mine / "masks/p4.png").unlink()
    elif fault == "no photo":
        (mine / "images/p4.JPG").unlink()
    elif fault == "damaged":
        (mine / "images/p4.JPG").write_bytes(b"no picture")
    elif fault == "shape":
        Image.new("L", (96, 72)).save(mine / "masks/p4.png")
    elif fault == "tiny":
        Image.new("L", (1, 1)).save(mine / "masks/p4.png")
    elif fault == "palette":
        Image.open(mine / "images/p4.JPG").convert("P").save(mine / "masks/p4.png")
    elif fault == "twice":
        Image.open(mine / "images/p4.JPG").save(mine / "images/p4.png")
    elif fault == "sources":
        (mine / "sources.csv").write_text("file,source\nother.jpg,x\n")


@pytest.mark.parametrize(
    ("fault", "name", "reason"),
    [
        ("no mask", "images/p4.JPG", "has no mask"),
        ("no photo", "masks/p4.png", "has no photo"),
        ("damaged", "images/p4.JPG", "cannot be read as a picture"),
        ("shape", "images/p4.JPG", "masks/p4.png: has the shape 96×72, but p4.JPG has 72×96"),
        ("tiny", "images/p4.JPG", "masks/p4.png: has the shape 1×1, but p4.JPG has 72×96"),
        ("palette", "images/p4.JPG", "masks/p4.png: has a palette"),
        ("twice", "images/p4.png", "p4.JPG has the same name"),
    ],
)
def test_what_does_not_fit_is_left_out_and_listed(
    mine: Path, tmp_path: Path, fault: str, name: str, reason: str
) -> None:
    _spoil(mine, fault)
    data = tmp_path / "data"
    done = import_photos(mine, data, ImportOptions(name="mine"))
    assert len(done.failures) == 1
    assert done.failures[0][0] == str(mine / name)
    assert reason in done.failures[0][1]
    assert not done.failures[0][1].startswith(str(mine / name))
    assert done.failures_at == data / "mine/failures.jsonl"
    lines = [json.loads(line) for line in done.failures_at.read_text(encoding="utf-8").splitlines()]
    assert lines == [{"input": done.failures[0][0], "error": done.failures[0][1]}]
    folder = PhotoFolder(data)
    assert len(folder.photos) == 10 if fault == "twice" else 9
    for photo in folder.photos:
        np.testing.assert_array_equal(folder.load(photo)[1], draw_person(int(photo.stem[1:]))[1])


def test_no_photo_that_can_be_taken_is_an_error_and_nothing_written(mine: Path, tmp_path: Path) -> None:
    for path in (mine / "images").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"p0\.jpg: cannot be read as a picture .*\(10 such files"):
        import_photos(mine, tmp_path / "data", ImportOptions(name="mine"))
    assert not (tmp_path / "data").exists()


def test_wrong_sources_are_an_error_and_nothing_written(mine: Path, tmp_path: Path) -> None:
    _spoil(mine, "sources")
    with pytest.raises(DataError, match=r"sources\.csv: names 'other\.jpg'"):
        import_photos(mine, tmp_path / "data", ImportOptions(name="mine"))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "options",
    [
        {"name": "a/b"},
        {"name": "no_people"},
        {"name": "a", "mask": "drawn"},
        {"name": "a", "val": 2.0},
        {"name": "a", "layout": "x"},
    ],
)
def test_options_are_checked(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        ImportOptions(**options)  # type: ignore[arg-type]


def test_no_folder_and_no_photos(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: no such folder"):
        import_photos(tmp_path / "nowhere", tmp_path / "data", ImportOptions(name="a"))
    with pytest.raises(DataError, match="holds no photos"):
        import_photos(tmp_path, tmp_path / "data", ImportOptions(name="a"))


def test_a_zip_and_a_folder_of_one_name_are_refused(data_folder: Path, tmp_path: Path) -> None:
    for name in ("manifest.csv", "faces_close_up.zip"):
        (tmp_path / name).write_bytes((data_folder / name).read_bytes())
    (tmp_path / "faces_close_up/images").mkdir(parents=True)
    folder = PhotoFolder(tmp_path)
    with pytest.raises(DataError, match=r"faces_close_up\.zip: there is a folder .* as well"):
        folder.load(next(folder.select(sets=("faces_close_up",))))
