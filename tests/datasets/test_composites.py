"""Composites hold as many people as asked for, keep their colours at the edge, and things hide who is behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from limner.augment.blending import mix
from limner.datasets.composites import Canvas, Compositor, soften_cut, united
from limner.datasets.mix import Mix
from limner.datasets.photo_map import PhotoMap, prepare

PLAIN = Mix({"rendered_people": 1.0}, second_person=0.0, distractor=0.0)


@pytest.fixture(scope="module")
def photos(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PhotoMap:
    return prepare(data_folder, tmp_path_factory.mktemp("cache"))


def _compositor(photos: PhotoMap, options: Mix) -> Compositor:
    backgrounds = [entry for entry in photos.entries if entry.photo.mask == "none"]
    extras = [entry for entry in photos.entries if entry.photo.mask in ("hand", "exact") and not entry.touches[0]]
    return Compositor(photos, options, backgrounds=backgrounds, extras=extras)


def _targets(photos: PhotoMap, options: Mix) -> np.ndarray:
    compositor = _compositor(photos, options)
    entry = next(entry for entry in photos.entries if entry.photo.mask == "exact")
    return np.array([compositor.compose(entry, 48, np.random.default_rng(n)).alpha for n in range(30)])


def test_crowds_fill_more_of_the_picture(photos: PhotoMap) -> None:
    alone, crowd = _targets(photos, PLAIN), _targets(photos, replace(PLAIN, crowd=1.0))
    assert (crowd > 127).mean() > 1.2 * (alone > 127).mean()


@pytest.mark.parametrize("name", ["match_light", "light_wrap", "defocus"])
def test_light_changes_leave_the_target_alone(photos: PhotoMap, name: str) -> None:
    compositors = [_compositor(photos, options) for options in (PLAIN, replace(PLAIN, **{name: 1.0}))]
    entry = next(entry for entry in photos.entries if entry.photo.mask == "exact")
    changed = 0
    for seed in range(6):
        plain, other = (c.compose(entry, 48, np.random.default_rng(seed)) for c in compositors)
        changed += not np.array_equal(plain.image, other.image)
        if name == "light_wrap":  # the last draw before the person's mask is kept
            np.testing.assert_array_equal(plain.alpha, other.alpha)
    assert changed >= 5


def test_things_in_front_hide_people(photos: PhotoMap) -> None:
    compositor = _compositor(photos, PLAIN)
    for seed in range(10):
        canvas = Canvas(np.full((64, 64, 3), 90, np.uint8), np.full((64, 64), 255, np.uint8))
        compositor.occlude(canvas, np.random.default_rng(seed))
        changed = np.abs(canvas.image.astype(int) - 90).max(2) > 2
        assert 0.005 < (canvas.alpha < 128).mean() < 0.7
        assert (canvas.alpha[changed] < 255).all()


def test_a_cut_loses_the_old_background_at_its_edge() -> None:
    alpha = np.zeros((96, 96), np.uint8)
    cv2.circle(alpha, (48, 48), 30, 255, -1)
    image = np.full((96, 96, 3), (0, 255, 0), np.uint8)
    image[cv2.erode(alpha, np.ones((3, 3), np.uint8)) > 0] = (200, 100, 90)
    out, soft = soften_cut(image, alpha, np.random.default_rng(4))
    seen = soft > 40
    assert out[seen][:, 1].max() < 140, "no green left where the person shows"
    assert ((soft > 10) & (soft < 245)).any()
    assert (soft > 127).sum() == pytest.approx((alpha > 127).sum(), rel=0.12)


def test_two_soft_edges_cover_what_they_cover_together() -> None:
    behind, front = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    a, b = behind / 255, front / 255
    assert np.abs(united(behind, front) / 255 - (a + b - a * b)).max() < 0.005
    # Painted one over the other on black, two white people are as bright as their mask says.
    white, black = np.full((256, 256, 3), 255, np.uint8), np.zeros((256, 256, 3), np.uint8)
    picture = mix(white, mix(white, black, behind), front)[..., 0]
    assert np.abs(picture.astype(int) - united(behind, front)).max() <= 3
