"""The shipped `video` net outgrows a wrong matte of the frame before within three frames."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.steady_clips import lakes, rendered
from limner.datasets.moving_clips import MovingClip, Span, make_moving_clip
from limner.evaluation.metrics import iou
from limner.matte import Matte
from limner.segment.segmenter import Segmenter

FRAMES = 4


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter("video", threads=1)


@pytest.fixture(scope="module", params=range(len(rendered())))
def clip(request: pytest.FixtureRequest) -> MovingClip:
    which = request.param
    return make_moving_clip(
        [rendered()[which]], [lakes()[which % 2]], (Span(frames=FRAMES, person="sway"),), size=(240, 320), seed=which
    )


def play(segmenter: Segmenter, clip: MovingClip, prior: Matte | None) -> list[np.ndarray]:
    alphas = []
    for frame in clip.frames:
        prior = segmenter.matte(np.ascontiguousarray(frame), previous=prior)
        alphas.append(prior.alpha > 0.5)
    return alphas


@pytest.mark.parametrize("wrong", ["empty", "full", "shifted", "mirrored"])
def test_a_wrong_prior_is_outgrown_in_three_frames(segmenter: Segmenter, clip: MovingClip, wrong: str) -> None:
    truth = clip.truths[0]
    prior = {
        "empty": np.zeros_like(truth),
        "full": np.ones_like(truth),
        "shifted": np.roll(truth, (40, 100), axis=(0, 1)),
        "mirrored": np.ascontiguousarray(truth[::-1, ::-1]),
    }[wrong]
    expected = play(segmenter, clip, None)[3]
    assert iou(expected, clip.truths[3] > 0.5) > 0.8
    assert iou(play(segmenter, clip, Matte(prior))[3], expected) > 0.95
