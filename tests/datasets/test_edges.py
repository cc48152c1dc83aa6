"""Patches along edges: of known alpha, with the matte a net gives, none of people who are held out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from limner.augment.photometric import Look
from limner.datasets.edges import EdgeMix, Edges, is_held_out, rough_matte
from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.datasets.photo_map import PhotoMap, prepare
from limner.errors import DataError

MIX = EdgeMix({"rendered_people": 0.6, "faces_close_up": 0.4}, canvas=(96,), patches=3)


@pytest.fixture(scope="module")
def photos(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PhotoMap:
    return prepare(data_folder, tmp_path_factory.mktemp("map"))


def test_a_patch_shows_an_edge_and_is_determined_by_its_number(photos: PhotoMap) -> None:
    edges, again = Edges(photos, MIX, seed=1), Edges(photos, MIX, seed=1)
    with_edge = 0
    for number in range(12):
        patch = edges.draw(number, 64)
        assert patch.image.shape == (64, 64, 3)
        assert patch.image.dtype == np.uint8
        assert patch.rough.shape == patch.alpha.shape == (64, 64)
        assert patch.rough.dtype == np.float32
        assert patch.rough.min() >= 0
        assert patch.rough.max() <= 1
        with_edge += bool(0.02 < patch.alpha.mean() < 0.98)
    assert with_edge >= 8
    for number in (11, 2, 7):  # in any order
        first, second = edges.draw(number, 64), again.draw(number, 64)
        for name in first._fields:
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert (Edges(photos, MIX, seed=2).draw(3, 64).image != edges.draw(3, 64).image).any()


def test_neighbours_in_a_batch_are_of_different_composites(photos: PhotoMap) -> None:
    plain = replace(MIX, look=Look(tone=0, noise=0, jpeg=0), patches=2)
    edges = Edges(photos, plain, seed=1)
    first, beside, later = edges.draw(0, 96), edges.draw(1, 96), edges.draw(32, 96)
    np.testing.assert_array_equal(first.image, later.image)  # the whole canvas: the same composite
    assert (first.image != beside.image).any()


def test_the_rough_matte_is_what_the_model_says(photos: PhotoMap) -> None:
    from limner.segment.segmenter import Segmenter

    patch = Edges(photos, MIX, seed=1).draw(4, 96)
    said = Segmenter("fast", runtime="onnxruntime", threads=1).probability(patch.image)
    np.testing.assert_allclose(patch.rough, rough_matte(said, patch.image), atol=1e-5)


def test_strands_make_the_outline_longer(photos: PhotoMap) -> None:
    def softness(chance: float) -> float:
        edges = Edges(photos, replace(MIX, strands=chance, sets={"faces_close_up": 1.0}), seed=1)
        return float(np.mean([(lambda a: (a > 0.1) & (a < 0.9))(edges.draw(n, 96).alpha).mean() for n in range(12)]))

    assert softness(1.0) > 1.2 * softness(0.0)


def test_some_people_keep_their_background(photos: PhotoMap) -> None:
    plain = EdgeMix({"faces_close_up": 1.0}, canvas=(96,), patches=1, defocus=0, look=Look(tone=0, noise=0, jpeg=0))
    kept, replaced = (Edges(photos, replace(plain, replace=chance), seed=1) for chance in (0.0, 1.0))
    differing = [(kept.draw(n, 96).image != replaced.draw(n, 96).image).mean() for n in range(8)]
    assert min(differing) > 0.2


def test_margins_are_continued_in_picture_and_truth(photos: PhotoMap) -> None:
    plain = EdgeMix({"faces_close_up": 1.0}, canvas=(96,), patches=1)
    before, after = (Edges(photos, replace(plain, continued=chance), seed=1) for chance in (0.0, 1.0))
    for number in range(8):
        ours, theirs = before.draw(number, 96), after.draw(number, 96)
        np.testing.assert_array_equal(ours.image[20:-20, 20:-20], theirs.image[20:-20, 20:-20])
        np.testing.assert_array_equal(ours.alpha[20:-20, 20:-20], theirs.alpha[20:-20, 20:-20])
        assert (ours.image != theirs.image).any()


def test_all_views_of_a_person_are_held_out_together() -> None:
    def photo(name: str, stem: str) -> Photo:
        return Photo(name, stem, "train", "exact", 10, 10, "")

    kept = [person for person in range(1000) if is_held_out(photo("rendered_people", f"{person:05}_0"))]
    assert 80 < len(kept) < 170
    assert all(is_held_out(photo("rendered_people", f"{person:05}_{view}")) for person in kept for view in range(3))
    assert not any(is_held_out(photo("faces_close_up", f"{person:05}_0")) for person in kept)


def test_held_out_people_are_not_drawn(data_folder: Path, photos: PhotoMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limner.datasets.edges.is_held_out", lambda photo: photo.set == "rendered_people")
    with pytest.raises(DataError, match=r"rendered_people.*no train photos"):
        Edges(photos, MIX, seed=1)
    assert any(photo.set == "rendered_people" for photo in PhotoFolder(data_folder).photos)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strands": 2}, r"data.strands must lie in \[0, 1\]"),
        ({"models": {}}, "data.models must give at least one model"),
        ({"patches": 0}, "data.patches must be 1 or more, not 0"),
        ({"canvas": ()}, "data.canvas must name at least one size"),
        ({"canvas": (32,)}, "none below 64"),
    ],
)
def test_wrong_values_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        replace(MIX, **change)  # type: ignore[arg-type]


def test_odd_sizes_of_composites_are_named(photos: PhotoMap) -> None:
    with pytest.raises(DataError, match=r"data.canvas must be even sizes, not 97"):
        Edges(photos, replace(MIX, canvas=(97,)), seed=1)
