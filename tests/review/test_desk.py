"""A review keeps every decision and every painted mask at once, and can take all of it back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.datasets.manifest import PhotoFolder
from limner.datasets.masks_overlay import MasksOverlay
from limner.errors import DataError
from limner.review.desk import Desk, ReviewOptions, read_mask
from review_parts import SIZE, scene, write_review

ALL = ReviewOptions(all=True)


def names(desk: Desk) -> list[str]:
    return [f"{item.photo.set}/{item.photo.stem}" for item in desk.items]


def test_the_list_comes_first_and_all_is_everything(tmp_path: Path) -> None:
    data, masks = write_review(tmp_path)
    with Desk(data, masks, ReviewOptions()) as desk:
        assert [(item["stem"], item["why"], item["verdict"]) for item in desk.told()] == [
            ("1", "the passes disagree", None)
        ]
        with pytest.raises(DataError, match="another run of limner writes into it"):
            Desk(data, masks, ReviewOptions())
    with Desk(data, masks, ALL) as desk:
        assert names(desk) == ["a/0", "a/1", "a/2", "b/9"]
    with Desk(data, masks, ReviewOptions(all=True, sets=("b",))) as desk:
        assert names(desk) == ["b/9"]
    own = tmp_path / "own.csv"
    own.write_text("set,stem\na,2\na,0\n")
    with Desk(data, tmp_path / "new", ReviewOptions(listed=own)) as desk:
        assert names(desk) == ["a/2", "a/0"]
    assert not (tmp_path / "new").exists(), "nothing was decided, so nothing is left behind"


def test_what_is_decided_is_what_training_sees(tmp_path: Path) -> None:
    data, masks = write_review(tmp_path)
    painted = np.zeros(SIZE, np.uint8)
    painted[:, :70] = 255
    with Desk(data, masks, ALL) as desk:
        for index, verdict in enumerate(("reject", "accept", "nobody")):
            desk.decide(index, verdict)  # type: ignore[arg-type]
        desk.repair(3, painted)
        # Whatever ends the program now, it is all there.
        after = PhotoFolder(data, masks=masks)
        found = {f"{photo.set}/{photo.stem}": photo for photo in after.photos}
    assert {name: photo.mask for name, photo in found.items()} == {"a/1": "auto", "a/2": "none", "b/9": "hand"}
    assert all(photo.weight == 1 for photo in found.values())
    np.testing.assert_array_equal(after.load(found["b/9"])[1], painted)
    assert (after.load(found["a/1"])[1] > 127).sum() < (scene()[1] > 127).sum(), "the mask that nets drew"


def test_all_can_be_taken_back(tmp_path: Path) -> None:
    data, masks = write_review(tmp_path)
    before = {path: path.read_bytes() for path in masks.rglob("*.png")}
    rows = MasksOverlay(masks).rows
    blank = np.zeros(SIZE, np.uint8)
    with Desk(data, masks, ALL) as desk:
        for index in range(4):
            desk.repair(index, blank)
            desk.repair(index, blank + 1)
        desk.decide(1, "accept")  # of a painted mask: it stays the painted one
        assert desk.told()[1]["verdict"] == "repair"
        desk.decide(2, "reject")
    with Desk(data, masks, ALL) as desk:  # another day
        assert [item["verdict"] for item in desk.told()] == ["repair", "repair", "reject", "repair"]
        assert (desk.mask(0) == 1).all()
        for index in range(4):
            desk.decide(index, None)
        np.testing.assert_array_equal(desk.mask(0), scene()[1])
    assert {path: path.read_bytes() for path in masks.rglob("*.png") if "before" not in str(path)} == before
    assert MasksOverlay(masks).rows == rows


def test_what_is_refused(tmp_path: Path) -> None:
    data, masks = write_review(tmp_path)
    with pytest.raises(DataError, match="holds the photos and masks themselves"):
        Desk(data, data, ALL)
    with pytest.raises(DataError, match="there is no set 'x'; there are a, b"):
        Desk(data, masks, ReviewOptions(sets=("x",)))
    own = tmp_path / "own.csv"
    for text, told in (("set,name\na,1\n", "has not the columns set and"), ("set,stem\na,7\n", r"own\.csv:2: a/7")):
        own.write_text(text)
        with pytest.raises(DataError, match=told):
            Desk(data, masks, ReviewOptions(listed=own))
    own.write_text("set,stem\n")
    with pytest.raises(DataError, match="there is nothing to review"):
        Desk(data, masks, ReviewOptions(listed=own))
    with Desk(data, masks, ALL) as desk:
        with pytest.raises(DataError, match="the mask has 3×2 pixels, but the photo 160×120"):
            desk.repair(0, np.zeros((2, 3), np.uint8))
        (masks / "b/9.png").write_bytes(b"no picture")
        with pytest.raises(DataError, match="cannot be read"):
            desk.mask(3)
    text = (data / "manifest.csv").read_text()
    (data / "manifest.csv").write_text(text + "a,../../out,train,auto,1,1,me\n")
    with pytest.raises(DataError, match="is no name of a set and a photo"):
        Desk(data, masks, ALL)
    for wrong in (b"", b"GIF89a", b"\x89PNG\r\n\x1a\nrest"):
        with pytest.raises(DataError, match="the picture"):
            read_mask(wrong)


def test_a_photo_that_is_broken_is_told_of(tmp_path: Path) -> None:
    data, masks = write_review(tmp_path)
    (data / "a/images/0.png").write_bytes(b"")
    with Desk(data, masks, ALL) as desk:
        with pytest.raises(DataError, match="cannot be read as a picture"):
            desk.photo(0)
        desk.decide(0, "reject")
    assert Image.open(masks / "a/1.png").size == (160, 120)
