"""Label Studio: brush strokes as its own converter writes them, and exports that are not whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_people import draw_person
from layout_folders import COUNT, brush, write_label_studio
from limner.datasets.importing import ImportOptions, import_photos
from limner.datasets.layouts.base import People
from limner.datasets.layouts.label_studio import LabelStudio, decode_brush
from limner.errors import DataError


def test_a_stroke_of_the_real_converter() -> None:
    """Bytes that label-studio-converter 0.0.59 made of this mask."""
    mask = np.zeros((5, 6), np.uint8)
    mask[1:4, 2:5] = 255
    mask[4, 0] = 255
    said = [0, 0, 0, 120, 57, 27, 254, 31, 0, 183, 255, 108, 2, 223, 253, 176, 11, 127, 241, 128, 71, 255, 132, 192, 0]
    np.testing.assert_array_equal(decode_brush(said, (5, 6)), mask)


def test_soft_strokes_keep_their_values() -> None:
    soft = np.random.default_rng(1).integers(0, 256, (31, 17)).astype(np.uint8)
    np.testing.assert_array_equal(decode_brush(brush(soft), (31, 17)), soft)


@pytest.mark.parametrize(
    ("rle", "told"),
    [
        (None, "no list of bytes"),
        ([300], "no list of bytes"),
        ([], "ends in the middle"),
        (brush(np.zeros((4, 4), np.uint8)), "has 64 values, but its photo 6×5×4"),
        (brush(draw_person(1)[1][:5, :6])[:9], "ends in the middle"),
    ],
)
def test_wrong_strokes(rle: Any, told: str) -> None:
    with pytest.raises(DataError, match=told):
        decode_brush(rle, (5, 6))


def _change(folder: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    (path,) = folder.glob("*.json")
    tasks = json.loads(path.read_text(encoding="utf-8"))
    change(tasks)
    path.write_text(json.dumps(tasks), encoding="utf-8")


def _size_gone(tasks: list[dict[str, Any]]) -> None:
    for region in tasks[0]["annotations"][0]["result"]:
        del region["original_width"]


def _a_box(tasks: list[dict[str, Any]]) -> None:
    value = {"x": 1, "y": 2, "width": 3, "height": 4, "brushlabels": ["Person"]}
    tasks[0]["annotations"][0]["result"][1]["value"] = value


@pytest.mark.parametrize(
    ("change", "told"), [(_size_gone, "no original_width"), (_a_box, "neither a brush stroke nor a polygon")]
)
def test_a_wrong_region_costs_one_photo(
    change: Callable[[list[dict[str, Any]]], object], told: str, tmp_path: Path
) -> None:
    write_label_studio(tmp_path / "in")
    _change(tmp_path / "in", change)
    done = import_photos(tmp_path / "in", tmp_path / "data", ImportOptions(name="own"))
    assert len(done.photos) == COUNT - 2
    assert [told in reason for _, reason in done.failures] == [True]


def test_tasks_without_an_annotation_and_local_files(tmp_path: Path) -> None:
    write_label_studio(tmp_path)

    def change(tasks: list[dict[str, Any]]) -> None:
        tasks[0]["annotations"] = []
        tasks[1]["annotations"][0]["was_cancelled"] = True
        tasks[2]["data"]["image"] = "/data/local-files/?d=some%20where/a1b2c3d2-p2.png"
        tasks[3]["completions"] = tasks[3].pop("annotations")

    _change(tmp_path, change)
    listing = LabelStudio().read(tmp_path, People())
    assert listing.notices == ["2 tasks are not annotated, and left out"]
    assert [entry.stem[-2:] for entry in listing.entries] == ["p2", "p3", "p4"]
    assert all(isinstance(entry.photo, Path) and entry.photo.is_file() for entry in listing.entries)


def test_other_exports_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "min.json").write_text('[{"image": "/a.png", "id": 1, "annotations": 3}]', encoding="utf-8")
    with pytest.raises(DataError, match=r"min\.json: holds what is no task of Label Studio"):
        LabelStudio().read(tmp_path, People())
