"""Clips made from photos show the same scene: the noise is as strong as said and the truth moves along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.datasets.manifest import PhotoFolder
from limner.datasets.moving_clips import READ_NOISE, SHOT_NOISE
from limner.errors import DataError
from limner.evaluation import metrics
from limner.evaluation.clips import clip_photos, make_clip, pictures
from random_mattes import mattes

GREY = np.full((80, 90, 3), 120, np.uint8)


def test_equal_seeds_give_equal_clips() -> None:
    truth = mattes(0, 80, 90)[0]
    one, same, other = (make_clip(GREY, truth, frames=3, seed=seed, shake=1) for seed in (4, 4, 5))
    assert np.array_equal(one.frames, same.frames)
    assert np.array_equal(one.truths, same.truths)
    assert not np.array_equal(one.frames, other.frames)


def test_a_tripod_keeps_the_truth_still_and_the_noise_fresh() -> None:
    truth = mattes(0, 80, 90)[0]
    clip = make_clip(GREY, truth, frames=4, seed=1)
    assert metrics.still_pixels(clip.truths).all()
    assert (clip.flows == 0).all()
    frames = clip.frames.astype(np.float64)
    expected = (READ_NOISE + SHOT_NOISE * 120) ** 0.5
    assert [frame.std() for frame in frames] == pytest.approx([expected] * 4, rel=0.1)
    assert (frames[0] - frames[1]).std() == pytest.approx(expected * 2**0.5, rel=0.1)


def test_the_truth_moves_with_the_picture() -> None:
    truth = mattes(2, 80, 90)[0]
    rgb = np.repeat((truth * 200).astype(np.uint8)[..., None], 3, axis=2)
    clip = make_clip(rgb, truth, frames=5, seed=3, shake=2)
    assert clip.places.std() > 0.5
    for frame, moved in zip(clip.frames, clip.truths, strict=True):
        assert np.corrcoef(frame.mean(2)[8:-8, 8:-8].ravel(), moved[8:-8, 8:-8].ravel())[0, 1] > 0.99
    # The truth scored against itself along the flows changes nothing: they are the motion.
    assert metrics.messddt(clip.truths, np.zeros_like(clip.truths), clip.flows) < 20
    assert metrics.messddt(clip.truths, np.zeros_like(clip.truths), -clip.flows) > 60


def test_photos_for_clips_have_people_and_no_undecided_pixels(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    chosen = clip_photos(folder.photos, 6)
    assert len(chosen) == 6
    assert {photo.set for photo in chosen} <= {"fashion_full_body", "faces_close_up", "auto_selfies", "rendered_people"}
    assert len(clip_photos(folder.photos, 1000)) == 24
    rgb, truth = next(pictures(folder, chosen))
    assert rgb.shape[:2] == truth.shape
    assert (rgb.dtype, truth.dtype, truth.max()) == (np.uint8, np.float32, 1)
    with pytest.raises(DataError, match="there are none"):
        clip_photos([photo for photo in folder.photos if photo.mask == "none"], 3)
