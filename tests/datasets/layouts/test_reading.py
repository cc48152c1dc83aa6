"""Annotation files that are damaged are told by name, for each layout that has some."""

from __future__ import annotations

from pathlib import Path

import pytest

from layout_folders import WRITERS
from limner.datasets.importing import ImportOptions, import_photos
from limner.errors import DataError

FILES = {
    "coco": "annotations/instances_train2017.json",
    "cvat": "annotations.xml",
    "datumaro": "annotations/val.json",
    "label-studio": "project-1-at-2026.json",
    "supervisely": "meta.json",
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_half_a_file(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "in")
    path = tmp_path / "in" / FILES[name]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"{path.name}: is no (JSON|XML) .*; export it again"):
        import_photos(tmp_path / "in", tmp_path / "data", ImportOptions(name="own"))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("coco", '"categories"', '"cats"', "has no list 'categories'"),
        ("coco", '"name": "person"', '"name": "sofa"', "no label is a person.*its labels are sofa, cat"),
        ("datumaro", '"items"', '"things"', "'items' is missing"),
        ("cvat", "<image ", "<picture ", "no XML"),
        ("label-studio", '"data"', '"date"', "no task of Label Studio"),
    ],
)
def test_a_file_that_says_something_else(name: str, old: str, new: str, told: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "in")
    path = tmp_path / "in" / FILES[name]
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=told):
        import_photos(tmp_path / "in", tmp_path / "data", ImportOptions(name="own"))


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "coco",
            '"height": 96, "width": 72, "license": 4, "flickr_url": "http://f/0"',
            '"license": 4',
            "no height and",
        ),
        ("coco", "[[12, 20, 60, 20, 60, 90, 12, 90]]", "[]", "a box, but no polygon"),
        ("coco", "[[12, 20, 60, 20, 60, 90, 12, 90]]", "[[12, 20]]", "a polygon has 1 points"),
        ("cvat", 'points="12.00,20.00', 'points="a,20.00', "a text where a number should be"),
        ("cvat", '<mask label="person" source="manual" occluded="0" rle="', '<mask label="person" rule="', "no 'rle'"),
        ("cvat", 'rle="', 'rle="7, ', "run lengths add up"),
        ("datumaro", '"size": [96, 72]}}, {"id": "p4"', '"size": 3}}, {"id": "p4"', "no size of the photo"),
        ("datumaro", '"type": "polygon"', '"type": "bbox"', "a person is a bbox, which is no mask"),
    ],
)
def test_a_wrong_shape_costs_that_photo(name: str, old: str, new: str, told: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "in")
    path = tmp_path / "in" / FILES[name]
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    done = import_photos(tmp_path / "in", tmp_path / "data", ImportOptions(name="own"))
    assert done.photos
    assert done.failures
    assert all(told in reason for _, reason in done.failures)
