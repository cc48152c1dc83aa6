"""Made clips are what they say: truth that fits the picture, still pixels that are still, cuts, light, equal seeds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.datasets.moving_clips import FAST, Cutout, MovingClip, Span, make_moving_clip
from limner.errors import DataError
from limner.evaluation.steadiness import boundary_by_offset, mean_of, play_stream, score
from limner.matte import Matte

SIZE = (72, 128)
DISC = cv2.circle(np.zeros((60, 60), np.float32), (30, 30), 25, 1.0, -1)
RED, GREEN = (
    Cutout(np.full((60, 60, 3), colour, np.uint8), DISC.astype(np.float32)) for colour in ((230, 20, 20), (20, 230, 20))
)
BLUE = np.zeros((90, 160, 3), np.uint8)
BLUE[..., 2] = np.linspace(120, 220, 160)


def make(*spans: Span, seed: int = 0, noise: float = 0.0) -> MovingClip:
    return make_moving_clip([RED, GREEN], [BLUE, BLUE[::-1]], spans, size=SIZE, seed=seed, noise=noise)


def test_the_truth_is_where_the_person_is() -> None:
    clip = make(Span(frames=3), Span(frames=6, person="fast", pan=0.01), Span(frames=5, person="sway"))
    assert clip.frames.shape == (14, *SIZE, 3)
    red = clip.frames[..., 0] / np.float32(230)
    assert np.abs(red - clip.truths).max() < 0.02
    columns = np.arange(SIZE[1])
    centres = (clip.truths.sum(1) * columns).sum(1) / clip.truths.sum((1, 2))
    assert np.diff(centres)[3:7] == pytest.approx([FAST * SIZE[1]] * 4, rel=0.05)


def test_still_pixels_are_still_and_the_others_are_not_called_so() -> None:
    clip = make(Span(frames=3), Span(frames=3, pan=0.01), Span(frames=3, person="fast"), Span(frames=3, cut=True))
    change = np.abs(np.diff(clip.frames.astype(int), axis=0)).max(-1)
    assert change[clip.still].max() == 0
    assert clip.still[:2].all()
    assert 0.1 < clip.still[3].mean() < 0.5  # the person, before a room that moves
    assert 0.3 < clip.still[6].mean() < 0.9  # the room around somebody who runs
    assert not clip.still[8].any()
    assert clip.frames[-1, 50, 64].tolist() == [20, 230, 20]


def test_light_and_noise_are_as_told_and_seeds_repeat() -> None:
    clip = make(Span(frames=1), Span(frames=1, light=-1.0))
    assert clip.frames[1].mean() == pytest.approx(clip.frames[0].mean() / 2, rel=0.03)
    one, same, other = (make(Span(frames=2), seed=seed, noise=1.0).frames for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


class Replay:
    """A stream that shows the truth of some frames before."""

    delay = 0

    def __init__(self, truths: np.ndarray, behind: int) -> None:
        self.truths, self.behind, self.at = truths, behind, -1

    def push(self, frame: np.ndarray, tag: object = None) -> list[tuple[object, np.ndarray, Matte]]:
        self.at += 1
        return [(tag, frame, Matte(self.truths[max(0, self.at - self.behind)]))]

    def flush(self) -> list[tuple[object, np.ndarray, Matte]]:
        return []

    def reset(self) -> None:
        self.at = -1


@pytest.mark.parametrize("behind", [0, 1, 3])
def test_lag_is_how_old_the_truth_is_that_fits(behind: int) -> None:
    spans = (Span(frames=4), Span(frames=14, person="fast"))
    clip = make(*spans)
    found = score(play_stream(Replay(clip.truths, behind), clip), clip, spans)
    assert found.lag == behind
    assert (found.boundary_iou > 99) == (behind == 0)
    assert found.flicker < (0.01 if behind == 0 else 60)
    assert mean_of([found, found]) == found


def test_lag_needs_fast_motion() -> None:
    spans = (Span(frames=9, person="sway"),)
    clip = make(*spans)
    with pytest.raises(DataError, match="no fast span"):
        boundary_by_offset(clip.truths, clip, spans)
