"""The picture follows the person: photos at once, clips smoothly, chains after it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from limner import make_effect
from limner.errors import OptionError
from limner.matte import Matte

SIZE = (180, 320)


def scene(left: int = 200, *, top: int = 60) -> tuple[np.ndarray, Matte]:
    """A red person, 30 pixels wide and 90 tall, before a blue wall that grows brighter to the right."""
    frame = np.zeros((*SIZE, 3), np.uint8)
    frame[..., 2] = np.linspace(40, 200, SIZE[1]).astype(np.uint8)
    alpha = np.zeros(SIZE, np.float32)
    alpha[top : top + 90, left : left + 30] = 1
    frame[alpha > 0] = (255, 0, 0)
    return frame, Matte(alpha)


def middle(picture: np.ndarray) -> float:
    """Where the red is, as a share of the width."""
    red = picture[..., 0] > 128
    return float(np.flatnonzero(red.any(0)).mean()) / picture.shape[1]


def test_a_photo_shows_the_person_large_and_in_the_middle() -> None:
    frame, matte = scene()
    picture = make_effect("auto_frame:close")(frame, matte)
    assert (picture.shape, picture.dtype) == (frame.shape, np.uint8)
    assert middle(picture) == pytest.approx(0.5, abs=0.02)
    assert (picture[..., 0] > 128).any(0).sum() == pytest.approx(60, abs=3), "twice as wide"
    red = np.flatnonzero((picture[..., 0] > 128).any(1))
    assert 0.08 < red[0] / SIZE[0] < 0.2
    assert frame[..., 0].any(0).sum() == 30, "the frame itself is untouched"


def test_photos_know_nothing_of_each_other() -> None:
    effect = make_effect("auto_frame:close")
    first = effect(*scene(60))
    effect(*scene(250))
    np.testing.assert_array_equal(effect(*scene(60)), first)


def test_a_clip_is_followed_smoothly() -> None:
    effect = make_effect("auto_frame", most=2.0)
    found = []
    for number in range(100):
        effect.at(Fraction(number, 25))
        found.append(middle(effect(*scene(80 + min(number, 60)))))
    steps = np.abs(np.diff(found))
    assert steps.max() < 0.015
    assert found[-1] == pytest.approx(0.5, abs=0.1)
    effect.reset()
    effect.at(Fraction(100, 25))
    assert middle(effect(*scene(140))) == pytest.approx(0.5, abs=0.02)


def test_nobody_leaves_the_frame_as_it_is() -> None:
    frame, _ = scene()
    nobody = Matte(np.zeros(SIZE, np.float32))
    np.testing.assert_array_equal(make_effect("auto_frame")(frame, nobody), frame)


@pytest.mark.parametrize("spec", ["color:lime,auto_frame:close", "auto_frame:close,color:lime"])
def test_a_background_of_the_chain_stands_still(spec: str) -> None:
    frame, matte = scene()
    picture = make_effect(spec)(frame, matte)
    np.testing.assert_array_equal(picture[5, 5], (0, 255, 0))
    assert middle(picture) == pytest.approx(0.5, abs=0.02)


def test_cut_outs_and_masks_are_framed_too() -> None:
    frame, matte = scene()
    cut = make_effect("auto_frame:close,cutout")(frame, matte)
    mask = make_effect("auto_frame:close,mask")(frame, matte)
    assert cut.shape[2] == 4
    assert (cut[..., 3] > 128).any(0).sum() == pytest.approx(60, abs=3)
    np.testing.assert_allclose(cut[..., 3], mask[..., 0], atol=1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"framing": "wide"}, "framing 'wide' is unknown: say close, half, full"),
        ({"most": 0.5}, "most_zoom 0.5 is out of range: say 1 to 4"),
        ({"most": float("nan")}, "most_zoom nan is out of range"),
        ({"speed": 3.0}, "framing_speed 3.0 is out of range"),
    ],
)
def test_what_is_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        make_effect("auto_frame", **options)
