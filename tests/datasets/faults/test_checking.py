"""Each fault is found in the photo that has it, and in no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from drawn_people import draw_person
from faulty_photos import MASKS, write_faulty
from layout_folders import COUNT, WRITERS
from limner.datasets.faults.checking import check
from limner.datasets.faults.kinds import KINDS
from limner.datasets.faults.listed import list_photos

Alpha = NDArray[np.float32]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_faulty(tmp_path / "data")
    return tmp_path / "data"


def test_every_fault_is_found_and_nothing_else(data: Path) -> None:
    told: list[tuple[int, int]] = []
    checked = check(list_photos(data), progress=lambda done, of: told.append((done, of)))
    found = {(fault.photo[1], fault.kind) for fault in checked.faults}
    assert found == {(stem, kind) for stem, kind in MASKS.items() if kind}
    assert told == [(count, len(MASKS)) for count in range(1, len(MASKS) + 1)]
    assert checked.photos == len(MASKS)
    assert not checked.is_clean
    assert checked.counts["unreadable"] == 2
    kinds = [fault.kind for fault in checked.faults]
    assert kinds == sorted(kinds, key=list(KINDS).index)


def test_what_is_said(data: Path) -> None:
    told = {fault.photo[1]: fault.detail for fault in check(list_photos(data)).faults}
    assert told["size"] == "72×96, but the manifest says 72×101"
    assert told["shape"] == "72×60, but the photo has 72×96"
    assert told["ones"] == "its greatest value is 1"
    assert told["leak"] == "train: nearly own/fine (val)"
    assert told["twin"] == "exactly own/good"
    assert told["mirror"] == "mirrored, nearly own/good"
    assert told["specks"] == "1 tiny holes, 1 specks"
    assert "masks/gone.png: no such file" in told["gone"]


def test_only_what_is_safe_is_mendable(data: Path) -> None:
    faults = check(list_photos(data)).faults
    mendable = {fault.photo[1] for fault in faults if fault.mendable}
    assert mendable == {"unreadable", "gone", "size", "ones", "residue", "specks", "twin", "leak"}


def test_a_net_ranks_label_noise_and_tells_inverted_masks(data: Path) -> None:
    def net(rgb: NDArray[np.uint8]) -> Alpha:
        """It sees what is brighter than the background, as the people here are."""
        return (rgb.mean(2) > 128).astype(np.float32)

    checked = check(list_photos(data), net=net)
    inverted = next(fault for fault in checked.faults if fault.kind == "inverted")
    assert inverted.mendable
    assert inverted.detail.endswith("the net sees it the other way round")
    noisy = [fault for fault in checked.faults if fault.kind == "disagrees"]
    scores = [fault.score for fault in noisy]
    assert scores == sorted(scores, reverse=True)
    assert {"empty", "full"} <= {fault.photo[1] for fault in noisy}
    assert "good" not in {fault.photo[1] for fault in noisy}


def test_a_net_that_agrees_with_a_mask_takes_the_doubt_away() -> None:
    from limner.datasets.faults.checking import mask_faults
    from limner.datasets.faults.measures import measure_mask

    measures = measure_mask(255 - draw_person(1)[1])
    kinds = [[fault.kind for fault in mask_faults(("a", "b"), measures, flipped=told)] for told in (None, True, False)]
    assert kinds == [["inverted"], ["inverted"], []]


def test_people_where_nobody_should_be(data_folder: Path) -> None:
    photos = [item for item in list_photos(data_folder) if item.photo.mask == "none"]
    checked = check(photos, net=lambda rgb: np.full(rgb.shape[:2], 0.9, np.float32))
    assert checked.counts["people"] == len(photos)
    assert check(photos, net=lambda rgb: np.zeros(rgb.shape[:2], np.float32)).counts.get("people") is None


def test_mattes_among_mattes_are_as_they_should_be(tmp_path: Path) -> None:
    from faulty_photos import spoiled
    from layout_folders import save

    for seed in range(4):
        rgb, mask = spoiled("soft", *draw_person(seed))
        save(tmp_path / f"images/{seed}.png", rgb)
        save(tmp_path / f"masks/{seed}.png", mask)
    assert check(list_photos(tmp_path)).counts == {}


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_folders_of_any_layout(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path)
    checked = check(list_photos(tmp_path))
    assert checked.photos == COUNT
    assert checked.counts.get("unreadable", 0) == 0
    assert "leak" not in checked.counts


def test_zips_too(data_folder: Path) -> None:
    checked = check(list_photos(data_folder))
    assert checked.photos == 37
    assert "unreadable" not in checked.counts
    assert "soft" not in checked.counts  # void pixels are not soft ones
