"""Samples follow the recipe's mix, depend on their number alone, and leave void pixels out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from limner.augment.priors import Priors
from limner.datasets.mix import Mix
from limner.datasets.photo_map import PhotoMap, prepare
from limner.datasets.sampler import Sampler
from limner.errors import DataError

SETS = {
    "fashion_full_body": 0.3,
    "people_with_animals": 0.2,
    "auto_selfies": 0.2,
    "rendered_people": 0.1,
    "no_people": 0.2,
}


@pytest.fixture(scope="module")
def photos(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PhotoMap:
    return prepare(data_folder, tmp_path_factory.mktemp("cache"))


def test_samples_have_the_promised_form(photos: PhotoMap) -> None:
    sampler = Sampler(photos, Mix(SETS, second_person=0.5, distractor=0.5), seed=3)
    for number in range(40):
        sample = sampler.draw(number, 48)
        assert sample.image.shape == (48, 48, 3)
        assert sample.image.dtype == np.uint8
        for plane in (sample.target, sample.weight):
            assert plane.shape == (48, 48)
            assert plane.dtype == np.float32
            assert 0 <= plane.min() <= plane.max() <= 1


def test_a_sample_depends_on_seed_and_number_alone(photos: PhotoMap) -> None:
    one, other = (Sampler(photos, Mix(SETS), seed=3) for _ in range(2))
    for number in (5, 2, 9):
        np.testing.assert_array_equal(one.draw(number, 48).image, other.draw(number, 48).image)
    different = Sampler(photos, Mix(SETS), seed=4)
    assert any(not np.array_equal(one.draw(n, 48).image, different.draw(n, 48).image) for n in range(4))


def test_photos_without_people_have_empty_targets(photos: PhotoMap) -> None:
    sampler = Sampler(photos, Mix({"no_people": 1.0}), seed=1)
    assert all(sampler.draw(n, 32).target.max() == 0 for n in range(20))


def test_renders_are_composited_and_stay_visible(photos: PhotoMap) -> None:
    sampler = Sampler(photos, Mix({"rendered_people": 1.0}, distractor=0.0), seed=1)
    assert sum(sampler.draw(n, 48).target.mean() > 0.02 for n in range(20)) >= 18


def test_void_pixels_have_no_weight(photos: PhotoMap) -> None:
    sampler = Sampler(photos, Mix({"people_with_animals": 1.0}), seed=1)
    samples = [sampler.draw(n, 48) for n in range(30)]
    assert any((s.weight == 0).mean() > 0.02 for s in samples)
    assert all(set(np.unique(s.target)) <= {0.0, 1.0} for s in samples)


def test_edges_of_masks_by_other_nets_count_less(photos: PhotoMap) -> None:
    sampler = Sampler(photos, Mix({"auto_selfies": 1.0}, replace_auto=0.0, auto_edge_weight=0.25), seed=1)
    sample = next(s for s in (sampler.draw(n, 64) for n in range(20)) if (np.abs(s.target - 0.5) < 0.1).any())
    assert sample.weight[np.abs(sample.target - 0.5) < 0.1].max() < 0.3
    assert sample.weight[sample.target == 0].min() == 1


def test_background_replacement_changes_the_background(photos: PhotoMap) -> None:
    kept = Sampler(photos, Mix({"faces_close_up": 1.0}, replace_hand=0.0), seed=1)
    replaced = Sampler(photos, Mix({"faces_close_up": 1.0}, replace_hand=1.0), seed=1)
    same = sum(np.array_equal(kept.draw(n, 48).target, replaced.draw(n, 48).target) for n in range(10))
    assert same == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Mix({}), "data.sets must give at least one set"),
        (lambda: Mix({"a": -1.0}), "data.sets must give"),
        (lambda: Mix(SETS, replace_hand=1.5), r"data.replace_hand must lie in \[0, 1\], not 1.5"),
    ],
)
def test_a_mix_checks_itself(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=message):
        make()


def test_an_unknown_set_is_named(photos: PhotoMap) -> None:
    with pytest.raises(DataError, match=r"names 'dogs', which has no train photos; there are .*faces_close_up"):
        Sampler(photos, Mix({"dogs": 1.0}), seed=1)


def test_extras_are_made_only_when_asked_for(photos: PhotoMap) -> None:
    plain = Sampler(photos, Mix(SETS), seed=3).draw(4, 48)
    assert plain.prior is plain.twin is plain.previous is plain.previous_target is None
    mix = Mix(SETS, priors=Priors(), twins=True, previous=True)
    sample = Sampler(photos, mix, seed=3).draw(4, 48)
    np.testing.assert_array_equal(sample.image, plain.image)
    assert sample.prior is not None
    assert sample.twin is not None
    assert sample.previous is not None
    assert sample.previous_target is not None
    assert sample.twin.shape == sample.previous.shape == (48, 48, 3)
    assert sample.prior.shape == sample.previous_target.shape == (48, 48)
    again = Sampler(photos, mix, seed=3).draw(4, 48)
    for name in ("prior", "twin", "previous", "previous_target"):
        np.testing.assert_array_equal(getattr(sample, name), getattr(again, name))


def test_twins_share_the_scene_but_not_the_light(photos: PhotoMap) -> None:
    sampler = Sampler(photos, Mix({"faces_close_up": 1.0}, twins=True), seed=2)
    samples = [sampler.draw(n, 48) for n in range(20)]
    different = [np.abs(s.image.astype(int) - s.twin).mean() for s in samples if s.twin is not None]
    assert np.median(different) > 4
    raw = Sampler(photos, Mix({"faces_close_up": 1.0}, twins=True), seed=2, photometric=False).draw(3, 48)
    np.testing.assert_array_equal(raw.image, raw.twin)


def test_the_prior_of_a_sample_with_a_previous_frame_is_of_that_frame(photos: PhotoMap) -> None:
    exact = Priors(empty=0, full=0, other=0, far=0, motion_blur=0, edge=0, dropout=0, soft=0, ghost=0)
    sampler = Sampler(photos, Mix({"faces_close_up": 1.0}, priors=exact, previous=True), seed=2)
    for number in range(8):
        sample = sampler.draw(number, 48)
        assert sample.prior is not None
        assert sample.previous_target is not None
        np.testing.assert_allclose(sample.prior, sample.previous_target, atol=1 / 254)


def test_without_photometric_changes_pictures_are_the_scene_itself(photos: PhotoMap) -> None:
    plain = Sampler(photos, Mix(SETS), seed=3)
    raw = Sampler(photos, Mix(SETS), seed=3, photometric=False)
    pairs = [(plain.draw(n, 48), raw.draw(n, 48)) for n in range(12)]
    assert all(np.array_equal(a.target, b.target) for a, b in pairs)
    assert sum(not np.array_equal(a.image, b.image) for a, b in pairs) >= 9


@pytest.mark.parametrize("name", ["backlight", "defocus"])
def test_changes_of_light_leave_targets_alone(photos: PhotoMap, name: str) -> None:
    sets = {"faces_close_up": 1.0}
    plain = Sampler(photos, Mix(sets, replace_hand=0.0), seed=3, photometric=False)
    changed = Sampler(photos, Mix(sets, replace_hand=0.0, **{name: 1.0}), seed=3, photometric=False)
    for number in range(6):
        one, other = plain.draw(number, 48), changed.draw(number, 48)
        np.testing.assert_array_equal(one.target, other.target)
        assert not np.array_equal(one.image, other.image)


def test_masks_by_other_nets_do_not_place_light(photos: PhotoMap) -> None:
    sets = {"auto_selfies": 0.5, "people_with_animals": 0.5}
    plain = Sampler(photos, Mix(sets, replace_auto=0.0), seed=3, photometric=False)
    asked = Sampler(photos, Mix(sets, replace_auto=0.0, backlight=1.0, defocus=1.0), seed=3, photometric=False)
    for number in range(6):
        np.testing.assert_array_equal(plain.draw(number, 48).image, asked.draw(number, 48).image)


def test_occluders_take_the_person_away(photos: PhotoMap) -> None:
    sets = {"faces_close_up": 0.5, "people_with_animals": 0.5}
    plain = Sampler(photos, Mix(sets, replace_hand=0.0), seed=3, photometric=False)
    hidden = Sampler(photos, Mix(sets, replace_hand=0.0, occluder=1.0), seed=3, photometric=False)
    for number in range(8):
        one, other = plain.draw(number, 48), hidden.draw(number, 48)
        assert (other.target <= one.target + 1e-6).all()
        assert other.target.sum() < one.target.sum()
        np.testing.assert_array_equal(one.weight, other.weight)
        kept = (one.image == other.image).all(2)
        np.testing.assert_allclose(one.target[kept], other.target[kept], atol=0.02)


@pytest.fixture(scope="module")
def without_backgrounds(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PhotoMap:
    """The photos of people alone."""
    folder = tmp_path_factory.mktemp("people")
    data = Path(shutil.copytree(data_folder, folder / "data"))
    lines = (data / "manifest.csv").read_text().splitlines(keepends=True)
    (data / "manifest.csv").write_text("".join(line for line in lines if not line.startswith("no_people")))
    return prepare(data, folder / "cache")


def test_photos_of_people_alone_are_enough_without_composites(without_backgrounds: PhotoMap, photos: PhotoMap) -> None:
    sets = {"faces_close_up": 0.4, "people_with_animals": 0.3, "auto_selfies": 0.3}
    mix = Mix(sets, replace_hand=0.0, replace_auto=0.0)
    alone, usual = Sampler(without_backgrounds, mix, seed=3), Sampler(photos, mix, seed=3)
    for number in range(8):
        np.testing.assert_array_equal(alone.draw(number, 48).image, usual.draw(number, 48).image)


@pytest.mark.parametrize(
    ("sets", "options", "message"),
    [
        ({"faces_close_up": 1.0}, {}, "data.replace_hand above 0 needs"),
        ({"auto_selfies": 1.0}, {}, "data.replace_auto above 0 needs"),
        ({"rendered_people": 1.0}, {"replace_hand": 0.0}, "the set rendered_people needs"),
        ({"people_with_animals": 1.0}, {"occluder": 0.1}, "data.occluder above 0 needs"),
    ],
)
def test_what_needs_backgrounds_is_named(
    without_backgrounds: PhotoMap, sets: dict[str, float], options: dict[str, float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Sampler(without_backgrounds, Mix(sets, **options), seed=3)


def test_trusted_auto_masks_count_as_known(photos: PhotoMap) -> None:
    """Such people may stand beside others; without trust nobody of an auto set does."""
    kinds = [
        {entry.photo.mask for entry in Sampler(photos, Mix({"auto_selfies": 1.0}, trust_auto=trust), seed=1)._extras}
        for trust in (False, True)
    ]
    assert kinds == [set(), {"auto"}]
