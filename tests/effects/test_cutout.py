"""Cutout: the matte is the alpha channel, and the box around the person is tight."""

from __future__ import annotations

import numpy as np

from limner.effects import make_effect
from limner.effects.cutout import person_box
from limner.matte import Matte
from pictures import disc, noise


def test_cutout_alpha_is_the_matte() -> None:
    alpha = disc((40, 40), 0.3, 10)
    result = make_effect("cutout")(noise((40, 40)), Matte(alpha))
    np.testing.assert_array_equal(result[..., 3], np.rint(alpha * 255).astype(np.uint8))


def test_person_box_is_tight_and_whole_where_nobody_is() -> None:
    rgba = np.zeros((10, 12, 4), np.uint8)
    assert rgba[person_box(rgba)].shape == (10, 12, 4)
    rgba[3:5, 2:9, 3] = 1
    assert person_box(rgba) == (slice(3, 5), slice(2, 9))
