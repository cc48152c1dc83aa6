"""Every layout is known by what lies in its folder, and its masks come out exactly as they were drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_people import draw_person
from layout_folders import COUNT, WRITERS, save, truths
from limner.datasets.importing import Imported, ImportOptions, import_photos
from limner.datasets.layouts.registry import LAYOUTS, layout_of
from limner.datasets.manifest import PhotoFolder
from limner.errors import DataError, OptionError

SPLITS = {"folders": "vtttt", "datumaro": "vvvvv", "voc": "tttvv", "p3m": "tttvv"}
"""The splits that the photos of a layout have by themselves."""


def bring(folder: Path, data: Path, **options: object) -> tuple[Imported, PhotoFolder]:
    done = import_photos(folder, data, ImportOptions(name="own", val=0, **options))  # type: ignore[arg-type]
    return done, PhotoFolder(data)


def test_every_layout_has_a_folder_here() -> None:
    assert WRITERS.keys() == LAYOUTS.keys()


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_it_is_found_and_read_exactly(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "in")
    assert layout_of(tmp_path / "in").name == name
    assert layout_of(tmp_path / "in", name).name == name
    done, folder = bring(tmp_path / "in", tmp_path / "data", nobody=True)
    assert (done.layout, done.failures, len(done.photos)) == (name, [], COUNT)
    photos = sorted(done.photos, key=lambda photo: photo.stem[-1])
    assert [photo.split[0] for photo in photos] == list(SPLITS.get(name, "ttttt"))
    for photo, (index, truth) in zip(photos, enumerate(truths()), strict=True):
        rgb = folder.load_rgb(photo)
        assert np.abs(rgb.astype(int) - draw_person(index)[0]).mean() < 12
        if name != "photos":
            np.testing.assert_array_equal(folder.load(photo)[1], truth)
            assert name == "rgba" or photo.mask in ("hand", "none")


@pytest.mark.parametrize("name", sorted(name for name, layout in LAYOUTS.items() if layout.labelled))
def test_photos_of_nobody_are_left_out_where_labels_say_so(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "in")
    done, _ = bring(tmp_path / "in", tmp_path / "data")
    assert len(done.photos) == COUNT - 1
    assert any("1 photos in which nobody is labelled are left out" in line for line in done.notices)


@pytest.mark.parametrize("name", ["coco", "cvat", "datumaro", "supervisely", "voc", "label-studio"])
def test_other_labels_can_be_asked_for(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "in")
    with pytest.raises(DataError, match="person horsefly: there is no such label; its labels are"):
        bring(tmp_path / "in", tmp_path / "data", person=("horsefly",))
    assert not (tmp_path / "data").exists()


def test_cats_for_people(tmp_path: Path) -> None:
    WRITERS["voc"](tmp_path / "in")
    done, folder = bring(tmp_path / "in", tmp_path / "data", person=("Cat",))
    assert len(done.photos) == COUNT
    assert all(folder.load(photo)[1].sum() == 16 * 255 for photo in done.photos)


@pytest.mark.parametrize(
    ("name", "has", "told"),
    [
        (
            "voc",
            "cvat",
            r"layout voc expects JPEGImages/ and SegmentationClass/; .* is missing; found images/, anno.*cvat",
        ),
        (
            "coco",
            "aisegment",
            r"layout coco expects a JSON file with images.*found clip_img/, matting/; nearest.*aisegment",
        ),
        ("numpy", "folders", r"layout numpy expects img_uint8\.npy and msk_uint8\.npy.*nearest is layout folders"),
        ("label-studio", "coco", r"expects a JSON file that is a list of tasks.*nearest is layout coco"),
    ],
)
def test_a_wrong_layout_says_what_was_expected_and_found(name: str, has: str, told: str, tmp_path: Path) -> None:
    WRITERS[has](tmp_path)
    with pytest.raises(DataError, match=told):
        layout_of(tmp_path, name)


def test_a_half_layout_is_told(tmp_path: Path) -> None:
    (tmp_path / "JPEGImages").mkdir()
    with pytest.raises(
        DataError, match=r"holds no photos, and found JPEGImages/; nearest is layout voc, which lacks Seg"
    ):
        layout_of(tmp_path)
    with pytest.raises(OptionError, match="there is no such layout; there are datumaro, coco"):
        layout_of(tmp_path, "voq")
    with pytest.raises(DataError, match="nowhere: no such folder"):
        layout_of(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="file: is no folder"):
        layout_of(tmp_path / "file")


def test_a_list_of_something_else_is_no_label_studio(tmp_path: Path) -> None:
    WRITERS["folders"](tmp_path)
    (tmp_path / "people.json").write_text('[{"name": "a"}]')
    (tmp_path / "info.json").write_text('{"info": "drawn"}')
    assert layout_of(tmp_path).name == "folders"


@pytest.mark.parametrize("name", sorted(LAYOUTS.keys() - {"numpy", "rgba", "photos"}))
def test_a_broken_photo_stops_nothing(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "in")
    suffixes = (".jpg", ".png")
    masks = ("other.jpg", "mask", "mat", "lab", "alpha", "segm", "parsing", "fg_map")
    broken = next(
        path
        for path in sorted((tmp_path / "in").rglob("*"))
        if path.suffix in suffixes
        and path.name[0] != "."
        and not any(word in str(path.relative_to(tmp_path / "in")).lower() for word in masks)
    )
    broken.write_bytes(broken.read_bytes()[:60])
    done, folder = bring(tmp_path / "in", tmp_path / "data", nobody=True)
    assert len(folder.photos) == COUNT - 1
    ((file, reason),) = done.failures
    assert Path(file).name in str(broken)
    assert "cannot be read as a picture" in reason


@pytest.mark.parametrize("name", ["coco", "cvat", "datumaro", "label-studio", "p3m", "voc"])
def test_a_missing_photo_is_listed(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "in")
    gone = next(path for path in sorted((tmp_path / "in").rglob("*p1.*")) if "mask" not in str(path))
    gone.unlink()
    done, folder = bring(tmp_path / "in", tmp_path / "data", nobody=True)
    assert len(folder.photos) == COUNT - 1
    assert len(done.failures) == 1


def test_photos_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    for place, seed in (("a", 1), ("b", 2)):
        rgb, mask = draw_person(seed)
        save(tmp_path / f"in/{place}/images/p.png", rgb)
        save(tmp_path / f"in/{place}/masks/p.png", mask)
    done, folder = bring(tmp_path / "in", tmp_path / "data")
    assert [photo.stem for photo in done.photos] == ["p", "images_p"]
    for photo, seed in zip(done.photos, (1, 2), strict=True):
        np.testing.assert_array_equal(folder.load(photo)[1], draw_person(seed)[1])


def test_photos_that_training_does_not_read_become_png(tmp_path: Path) -> None:
    rgb, mask = draw_person(1)
    save(tmp_path / "in/images/p.bmp", rgb)
    save(tmp_path / "in/masks/p_mask.bmp", mask)
    done, folder = bring(tmp_path / "in", tmp_path / "data")
    assert (tmp_path / "data/own/images/p.png").is_file()
    np.testing.assert_array_equal(folder.load(done.photos[0])[0], rgb)
    np.testing.assert_array_equal(folder.load(done.photos[0])[1], mask)


def test_a_mask_drawn_on_the_pixels_of_a_turned_file_is_turned(tmp_path: Path) -> None:
    WRITERS["coco"](tmp_path / "in")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to see it upright
    turned = np.ascontiguousarray(np.rot90(draw_person(0)[0], -1))
    upright = truths()[0]
    path = tmp_path / "in/images/train2017/p0.jpg"
    Image.fromarray(draw_person(0)[0]).save(path, exif=exif)
    done, folder = bring(tmp_path / "in", tmp_path / "data")
    rgb, mask = folder.load(done.photos[0])
    assert rgb.shape == turned.shape
    np.testing.assert_array_equal(mask, np.rot90(upright, -1))


def test_sources_and_rights_of_coco_and_groups_of_aisegment(tmp_path: Path) -> None:
    WRITERS["coco"](tmp_path / "coco")
    done, _ = bring(tmp_path / "coco", tmp_path / "a", source="me", rights="mine")
    assert (done.photos[1].source, done.photos[1].rights) == ("http://f/1", "CC BY 2.0 (http://l/)")
    WRITERS["aisegment"](tmp_path / "ai")
    done = import_photos(tmp_path / "ai", tmp_path / "b", ImportOptions(name="ai", val=0.5))
    splits = {photo.group: set[str]() for photo in done.photos}
    for photo in PhotoFolder(tmp_path / "b").photos:
        splits[photo.group].add(photo.split)
    assert sorted(map(len, splits.values())) == [1, 1]
    assert {"1803151810", "1803151811"} == splits.keys()
