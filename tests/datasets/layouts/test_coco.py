"""COCO as others export it: FiftyOne's and Roboflow's places of files, holes of no polygon, several files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_people import draw_person
from layout_folders import COUNT, packed, runs, save, write_coco, write_json
from limner.datasets.importing import ImportOptions, import_photos
from limner.datasets.layouts.base import People
from limner.datasets.layouts.coco import Coco
from limner.datasets.layouts.registry import layout_of
from limner.datasets.manifest import PhotoFolder


def content(names: list[str], **more: Any) -> dict[str, Any]:
    """A file of photos of drawn people, by their numbers."""
    images, annotations = [], []
    for number, name in enumerate(names):
        rle = {"size": [96, 72], "counts": packed(runs(draw_person(number)[1], by_column=True))}
        images.append({"id": number, "file_name": name, "height": 96, "width": 72, "license": None, "coco_url": None})
        annotations.append({"id": number, "image_id": number, "category_id": 0, "segmentation": rle, "iscrowd": 1})
    categories = [{"id": 0, "name": "person", "supercategory": None}]
    return {**more, "categories": categories, "images": images, "annotations": annotations}


@pytest.mark.parametrize(
    ("photos", "file", "split"),
    [
        ("data", "labels.json", "train"),  # FiftyOne
        ("valid", "valid/_annotations.coco.json", "val"),  # Roboflow
        ("test", "test/_annotations.coco.json", "test"),
        ("images", "annotations/instances_default.json", "train"),  # CVAT
        ("images/val", "annotations/instances_val.json", "val"),  # Datumaro
        (".", "result.json", "train"),  # Label Studio
    ],
)
def test_places_of_files(photos: str, file: str, split: str, tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "in" / photos / f"p{number}.png", draw_person(number)[0])
    write_json(tmp_path / "in" / file, content([f"p{number}.png" for number in range(3)], info={}, licenses=[]))
    assert layout_of(tmp_path / "in").name == "coco"
    done = import_photos(tmp_path / "in", tmp_path / "data", ImportOptions(name="own", val=0))
    assert [photo.split for photo in done.photos] == [split] * 3
    folder = PhotoFolder(tmp_path / "data")
    for number, photo in enumerate(done.photos):
        np.testing.assert_array_equal(folder.load(photo)[1], draw_person(number)[1])


def test_photos_of_one_name_in_two_splits(tmp_path: Path) -> None:
    """The photo of each is the one that lies in the split's own folder."""
    for split, first in (("train", 0), ("val", 1)):
        save(tmp_path / f"in/images/{split}/p.png", draw_person(first)[0])
        described = content(["other.png", "p.png"] if first else ["p.png"])
        described["images"] = described["images"][-1:]
        write_json(tmp_path / f"in/annotations/instances_{split}.json", described)
    done = import_photos(tmp_path / "in", tmp_path / "data", ImportOptions(name="own"))
    assert [photo.split for photo in done.photos] == ["train", "val"]
    folder = PhotoFolder(tmp_path / "data")
    for number, photo in enumerate(done.photos):
        rgb, mask = folder.load(photo)
        np.testing.assert_array_equal(rgb, draw_person(number)[0])
        np.testing.assert_array_equal(mask, draw_person(number)[1])


def test_instances_go_before_keypoints_and_captions(tmp_path: Path) -> None:
    write_coco(tmp_path)
    write_json(tmp_path / "annotations/person_keypoints_train2017.json", content(["p0.jpg"]))
    assert len(Coco().read(tmp_path, People()).entries) == COUNT
