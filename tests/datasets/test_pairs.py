"""Pairs for harmonization: the photo is the truth, and only the person differs from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from limner.datasets.manifest import PhotoFolder
from limner.datasets.pairs import PairMix, Pairs, held_out_pairs
from limner.datasets.photo_map import PhotoMap, prepare
from limner.errors import DataError

MIX = PairMix({"fashion_full_body": 0.5, "faces_close_up": 0.3, "auto_selfies": 0.2}, rough_matte=0.0)


@pytest.fixture(scope="module")
def photos(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PhotoMap:
    return prepare(data_folder, tmp_path_factory.mktemp("map"))


def test_only_the_person_differs_from_the_truth(photos: PhotoMap) -> None:
    pairs = Pairs(photos, replace(MIX, untouched=0.0), seed=1)
    changed = 0
    for number in range(20):
        pair = pairs.draw(number, 64)
        outside = pair.mask == 0
        np.testing.assert_array_equal(pair.composite[outside], pair.truth[outside])
        changed += (pair.composite != pair.truth).any()
        np.testing.assert_array_equal(pair.matte, pair.mask)
        assert pair.composite.shape == pair.truth.shape == (64, 64, 3)
        assert pair.mask.max() == 255
    assert changed >= 18


def test_a_pair_is_determined_by_its_number(photos: PhotoMap) -> None:
    first, again = (Pairs(photos, MIX, seed=1).draw(3, 64) for _ in range(2))
    other = Pairs(photos, MIX, seed=2).draw(3, 64)
    np.testing.assert_array_equal(first.composite, again.composite)
    assert (first.composite != other.composite).any()


def test_untouched_people_are_the_truth(photos: PhotoMap) -> None:
    pairs = Pairs(photos, replace(MIX, untouched=1.0, moved=0.0), seed=1)
    for number in range(8):
        pair = pairs.draw(number, 64)
        np.testing.assert_array_equal(pair.composite, pair.truth)


def test_moved_people_look_as_photographed(photos: PhotoMap) -> None:
    """The scene changes, the person in the composite does not."""
    mix = replace(MIX, scene=1.0, moved=1.0, plain=0.0)
    as_photographed = Pairs(photos, replace(MIX, scene=0.0, plain=0.0, untouched=1.0), seed=1)
    for number in range(8):
        moved, photo = Pairs(photos, mix, seed=1).draw(number, 64), as_photographed.draw(number, 64)
        surely = moved.mask == 255
        assert np.abs(moved.composite[surely].astype(int) - photo.truth[surely]).max() <= 2
        assert (moved.truth[~surely] != photo.truth[~surely]).any()


def test_a_plain_background_says_nothing(photos: PhotoMap) -> None:
    pair = Pairs(photos, replace(MIX, plain=1.0), seed=1).draw(1, 64)
    assert len(np.unique(pair.composite[pair.mask == 0], axis=0)) == 1


def test_the_net_may_be_told_a_rougher_matte(photos: PhotoMap) -> None:
    pairs = [Pairs(photos, replace(MIX, rough_matte=1.0), seed=1).draw(number, 64) for number in range(6)]
    assert sum((pair.matte != pair.mask).any() for pair in pairs) == 6
    assert np.mean([np.abs(pair.matte.astype(int) - pair.mask).mean() for pair in pairs]) < 30


def test_void_pixels_are_nobody(photos: PhotoMap) -> None:
    pairs = Pairs(photos, PairMix({"people_with_animals": 1.0}, rough_matte=0.0, whole=1.0), seed=1)
    assert (pairs.draw(0, 72).mask[:2] == 0).all()


def test_held_out_pairs_are_photos_of_val_and_always_the_same(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    first, again = list(held_out_pairs(folder, size=64)), list(held_out_pairs(folder, size=64))
    assert len(first) == 2 * 6  # two photos of each hand-masked set, twice
    for pair, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(pair.composite, same.composite)
        outside = pair.mask == 0
        np.testing.assert_array_equal(pair.composite[outside], pair.truth[outside])
        assert (pair.composite != pair.truth).any()
    assert (first[0].composite != first[1].composite).any()
    np.testing.assert_array_equal(first[0].truth, first[1].truth)


def test_held_out_people_may_be_moved(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    for still, moved in zip(held_out_pairs(folder, size=64), held_out_pairs(folder, size=64, moved=True), strict=True):
        surely = still.mask == 255
        assert np.abs(moved.composite[surely].astype(int) - still.truth[surely]).max() <= 2
        assert (moved.truth != still.truth).any()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sets": {"nobody": 1}}, "data.sets names 'nobody', which has no train photos of people"),
        ({"sets": {"rendered_people": 1}}, "data.sets names 'rendered_people', which has no train photos"),
        ({"sets": {"no_people_rooms": 1}}, "data.sets names 'no_people_rooms'"),
        ({"sets": {}}, "data.sets must give at least one set"),
        ({"sets": {"auto_selfies": 1}, "scene": 2}, r"data.scene must lie in \[0, 1\], not 2"),
    ],
)
def test_wrong_options_are_named(photos: PhotoMap, options: dict, says: str) -> None:
    with pytest.raises(DataError, match=says):
        Pairs(photos, PairMix(**options), seed=1)
